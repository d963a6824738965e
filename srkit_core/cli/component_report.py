"""What can a component be told, what does it then promise, and how large is it?"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from srkit_core.binding import BoundComponent, bind
from srkit_core.cli.output import say
from srkit_core.cli.render import print_table, print_text
from srkit_core.common_options import all_options
from srkit_core.errors import OptionError
from srkit_core.expressions import Call
from srkit_core.options import Option, options_of
from srkit_core.registry import Component, Registry
from srkit_core.specs import GeneratorSpec


def described(
    registry: Registry, found: Sequence[Component], call: Call, *, build: bool, layers: bool
) -> list[dict[str, Any]]:
    """Describe the components of one name, with the options of a call.

    Those that have not these options are left out, unless none has them. Raises OptionError then,
    and where a component cannot be built without an option.
    """
    documents, errors = list[dict[str, Any]](), list[OptionError]()
    for component in found:
        try:
            bound = _bound(registry, component, call, needed=build or bool(call.options))
            documents.append(_description(component, bound, call))
        except OptionError as error:
            errors.append(error)
            continue
        if bound and build:
            documents[-1] |= _built(bound, layers=layers)
    if errors and (not documents or not call.options):
        raise errors[0]
    return documents


def print_described(one: dict[str, Any]) -> None:
    """Print one description for a person."""
    print_text(f"{one['kind']} {one['name']}: {one['summary']}")
    licence = f", licence {one['licence']}" if one["licence"] else ""
    print_text(f"from {one['distribution']} {one['version']}{licence}")
    source = f"source: {' '.join(one['source'].split())}" if one["source"] else ""
    print_text("\n\n".join(filter(None, (source, one["about"]))))
    say()
    if one["options"]:
        _print_options(one)
    for trait, value in one["traits"].items():
        print_text(f"{trait}: {_shown(value)}")
    if "parameters" in one:
        how = f"with {one['given']}" if one["given"] else "with the defaults"
        say(f"parameters: {one['parameters']:,} ({how})")
    if one.get("layers"):
        say()
        rows = [
            [layer["path"], layer["module"], _shapes(layer), f"{layer['parameters']:,}"]
            for layer in one["layers"]
        ]
        print_table(["layer", "class", "shapes", "parameters"], rows)
    say()


def _bound(
    registry: Registry, component: Component, call: Call, *, needed: bool
) -> BoundComponent | None:
    """Bind the call; None where an option must be given and was not, which only matters for
    building.
    """
    own = Call(component.full_name, call.options)
    try:
        return bind(registry, component.kind, own, _context(component))
    except OptionError:
        if needed:
            raise
        return None


def _context(component: Component) -> dict[str, int]:
    spec = component.spec
    scales = spec.scales if isinstance(spec, GeneratorSpec) else (4,)
    return {"scale": 4 if 4 in scales else scales[-1], "patch": 128}


def _description(component: Component, bound: BoundComponent | None, call: Call) -> dict[str, Any]:
    factory, spec = component.spec.factory, component.spec
    written = dict(call.options)
    return {
        "kind": component.kind,
        "name": component.name,
        "distribution": component.distribution,
        "version": component.version,
        "summary": spec.summary,
        "about": (inspect.getdoc(factory) or "").partition("\n\nArgs:")[0],
        "given": ", ".join(
            f"{name}={_shown(json_value(value))}" for name, value in written.items()
        ),
        "options": option_facts(all_options(spec), written),
        "traits": {trait: _trait(component, bound, trait) for trait in spec.traits},
        "source": spec.source,
        "licence": spec.licence,
    }


def option_facts(options: Sequence[Option], written: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return options, with the values that were written."""
    return [
        {
            "name": one.name,
            "type": one.type_name,
            "default": None if one.required else json_value(one.default),
            "required": one.required,
            "doc": one.doc,
        }
        | ({"value": json_value(written[one.name])} if one.name in written else {})
        for one in options
    ]


def _trait(component: Component, bound: BoundComponent | None, name: str) -> Any:
    """Return a trait; of one that depends on the options, what it is with these."""
    value = getattr(component.spec, name)
    if not callable(value):
        return value
    defaults = {one.name: one.default for one in options_of(component.spec.factory)}
    try:
        return value(bound.arguments if bound else defaults | _context(component))
    except (AttributeError, KeyError, TypeError):
        return "depends on the options"  # on one without a default, such as another component


def _built(bound: BoundComponent, *, layers: bool) -> dict[str, Any]:
    from srkit_core.models.build import build
    from srkit_core.models.parameters import counted, layers_of

    if not layers:
        return {"parameters": counted(bound)}
    found = list(layers_of(build(bound)))
    return {
        "parameters": sum(layer.parameters for layer in found),
        "layers": [vars(layer) for layer in found],
    }


def _print_options(one: dict[str, Any]) -> None:
    given = any("value" in option for option in one["options"])
    rows = [
        [
            option["name"],
            option["type"],
            _default(option),
            *([_shown(option.get("value", ""))] if given else []),
            option["doc"],
        ]
        for option in one["options"]
    ]
    headers = ["option", "type", "default", *(["here"] if given else []), "meaning"]
    print_table(headers, rows)
    say()


def json_value(value: Any) -> Any:
    """Return a value as JSON has it; what it has not as text."""
    if isinstance(value, tuple):
        return [json_value(one) for one in value]
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def _default(option: dict[str, Any]) -> str:
    if option["required"]:
        return "(must be given)"
    return "[]" if option["default"] == [] else _shown(option["default"])


def _shapes(layer: dict[str, Any]) -> str:
    shapes = layer["shapes"].items()
    return ", ".join(f"{name} {'x'.join(map(str, shape)) or '1'}" for name, shape in shapes)


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
