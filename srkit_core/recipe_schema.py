"""How does an editor know what may stand in a recipe?

The JSON Schema of recipes, with what is installed on this machine: expressions are texts, so the
options of their components stand beside them, as `$defs` that `x-srkit-options` points to.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from srkit_core.common_options import all_options
from srkit_core.evaluation_recipe import EvaluationRecipe
from srkit_core.expressions import written
from srkit_core.interfaces import Between, Range
from srkit_core.options import KIND_OF, Option, options_of
from srkit_core.recipe import Recipe
from srkit_core.recipe_fields import SchemaAsWritten
from srkit_core.registry import Installed, Registry
from srkit_core.specs import (
    SPEC_CLASSES,
    AugmentationSpec,
    DegradationSpec,
    Factory,
    FactorySpec,
    MetricSpec,
    OptimizerSpec,
    ScheduleSpec,
)
from srkit_core.torch_optimizers import optimizer_names, optimizer_options

Schema = dict[str, Any]

_EXPRESSION: Final[Schema] = {"type": "string", "title": "an expression"}
_PLAIN: Final[dict[object, Schema]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    NoneType: {"const": "none"},
    Range: {"type": "string", "pattern": r"^[^.]+(\.\d+)?\.\..+$", "examples": ["0.2..3.0"]},
}


def recipe_schema(registry: Registry) -> Schema:
    """Return the JSON Schema of recipes, to which every TOML that srkit trains conforms.

    A text that names components has `x-srkit-kind`, and offers the installed ones of that kind.
    """
    schema = Recipe.model_json_schema(schema_generator=SchemaAsWritten)
    defined = schema["$defs"]
    _add_options(defined["OptimizerConfig"], _optimizers(registry))
    _add_options(defined["Schedule"]["anyOf"][0], _announced(registry, ScheduleSpec))
    schema["$defs"]["OptimizersConfig"]["anyOf"][1] = {"$ref": "#/$defs/OptimizerConfig"}
    described = (*SPEC_CLASSES, AugmentationSpec, OptimizerSpec, ScheduleSpec)
    return _with_components(schema, registry, described)


def evaluation_schema(registry: Registry) -> Schema:
    """Return the JSON Schema of evaluation recipes, in the form of `recipe_schema`."""
    schema = EvaluationRecipe.model_json_schema(schema_generator=SchemaAsWritten)
    return _with_components(schema, registry, (DegradationSpec, MetricSpec))


def _with_components(
    schema: Schema, registry: Registry, described: Sequence[type[FactorySpec]]
) -> Schema:
    """Let texts offer what is installed of their kind, and describe it."""
    for node in list(_nodes(schema)):
        if "x-srkit-kind" in node:
            offered = {"$ref": f"#/$defs/{node['x-srkit-kind']}"}
            node["anyOf"] = [offered, _EXPRESSION]
        if "description" in node:
            node["description"] = " ".join(str(node["description"]).split())
    for spec in described:
        schema["$defs"] |= _kind(spec.kind, [_described(one) for one in _named(registry, spec)])
    return schema


_Described = tuple[str, str, str, tuple[Option, ...]]
"""Name, one line, more lines, and what can be written for it."""


def _named(registry: Registry, spec: type[FactorySpec]) -> list[tuple[str, Installed[FactorySpec]]]:
    """Return what was announced, by the shortest name that means one of it."""
    found = registry.installed(spec)
    names = [one.name for one in found]
    return [(one.full_name if names.count(one.name) > 1 else one.name, one) for one in found]


def _described(named: tuple[str, Installed[FactorySpec]]) -> _Described:
    name, one = named
    return name, one.spec.summary, _about(one.spec.factory), all_options(one.spec)


def _about(factory: Factory) -> str:
    return " ".join((inspect.getdoc(factory) or "").partition("Args:\n")[0].split())


def _kind(kind: str, components: Sequence[_Described]) -> Schema:
    """Return the definitions of a kind: its names to choose from, and the options of each."""
    definitions: Schema = {
        kind: {
            "title": f"installed: {kind}",
            "oneOf": [
                {
                    "const": name,
                    "title": summary,
                    "description": _in_words(name, options),
                    "x-srkit-options": f"#/$defs/{kind}:{_pointed(name)}",
                }
                for name, summary, _, options in components
            ]
            or [False],
        }
    }
    for name, summary, about, options in components:
        definitions[f"{kind}:{name}"] = _options(f"{name}: {summary}", about, options)
    return definitions


def _pointed(name: str) -> str:
    """Write a name as a part of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("/", "~1")


def _in_words(name: str, options: Sequence[Option]) -> str:
    written = [f"{one.name}=" + ("..." if one.required else _value(one.default)) for one in options]
    return f"{name}({', '.join(written)})" if written else name


def _options(title: str, about: str, options: Sequence[Option]) -> Schema:
    return {
        "title": title,
        "description": about,
        "type": "object",
        "properties": {one.name: _option(one) for one in options},
        "required": [one.name for one in options if one.required],
        "additionalProperties": False,
    }


def _option(option: Option) -> Schema:
    schema = {**_typed(option.annotation), "description": option.doc}
    return schema if option.required else {**schema, "default": _plain(option.default)}


def _typed(annotation: Any) -> Schema:
    """Return the schema of an option's type, as a value of the language would be in JSON."""
    inner = get_args(annotation)
    if annotation in KIND_OF:
        return {"anyOf": [{"$ref": f"#/$defs/{KIND_OF[annotation]}"}, _EXPRESSION]}
    if annotation in _PLAIN:
        return dict(_PLAIN[annotation])
    if get_origin(annotation) is Annotated:
        return _bounded(_typed(annotation.__origin__), annotation.__metadata__)
    if get_origin(annotation) is Literal:
        return {"enum": list(inner)}
    if get_origin(annotation) is tuple:
        return _listed(inner)
    return {"anyOf": [_typed(one) for one in inner]}


def _listed(inner: tuple[Any, ...]) -> Schema:
    if len(inner) == 2 and inner[1] is Ellipsis:
        return {"type": "array", "items": _typed(inner[0])}
    items = [_typed(one) for one in inner]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


def _bounded(schema: Schema, bounds: Sequence[Between]) -> Schema:
    """Add bounds to what is a number; those of a range's ends cannot be said in JSON Schema."""
    if "anyOf" in schema:
        return {"anyOf": [_bounded(one, bounds) for one in schema["anyOf"]]}
    if schema.get("type") not in ("integer", "number"):
        return schema
    ends = [("minimum", one.low) for one in bounds] + [("maximum", one.high) for one in bounds]
    return {**schema, **{key: end for key, end in ends if end is not None}}


def _plain(default: Any) -> Any:
    if isinstance(default, tuple):
        return [_plain(one) for one in default]
    if default is None:
        return "none"
    return str(default) if isinstance(default, Range) else default


def _value(default: Any) -> str:
    return written("none" if default is None else default)


_OptionNames = Mapping[str, Sequence[str]]
"""Names of options by the name of what takes them."""


def _optimizers(registry: Registry) -> _OptionNames:
    """Return the classes of `torch.optim`, and those of plugins."""
    of_torch = {name: optimizer_options(name) or () for name in optimizer_names()}
    return {**_announced(registry, OptimizerSpec), **of_torch}


def _announced(registry: Registry, spec: type[FactorySpec]) -> _OptionNames:
    return {
        name: [option.name for option in options_of(one.spec.factory)]
        for name, one in _named(registry, spec)
    }


def _add_options(schema: Schema, known: _OptionNames) -> None:
    """Offer names, and the options of all of them as fields of the table."""
    takers: dict[str, list[str]] = {}
    for name, options in known.items():
        for option in options:
            takers.setdefault(option, []).append(name)
    if known:
        by_full_name = {"type": "string", "pattern": "/"}
        name = schema["properties"]["name"]
        name["anyOf"] = [{"enum": sorted(known)}, by_full_name]
    free = schema["additionalProperties"]
    for option, names in sorted(takers.items()):
        schema["properties"][option] = {**free, "description": f"an option of {', '.join(names)}"}


def _nodes(schema: Any) -> Iterator[Schema]:
    """Yield every object within a schema, from the outside to the inside."""
    if isinstance(schema, dict):
        yield schema
    inner = schema.values() if isinstance(schema, dict) else schema
    for one in inner if isinstance(schema, (dict, list)) else ():
        yield from _nodes(one)
