"""Which fields has a recipe, and what do they mean?

Everything is read from the models: a new field is in `srkit recipes --fields`, in the JSON Schema
and in docs/recipe.md as soon as it is in its model.
"""

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from srkit_core.evaluation_recipe import EvaluationRecipe, EvaluationSet
from srkit_core.expressions import Call, Chain, Sum
from srkit_core.fields import Span
from srkit_core.optimizer_config import OptimizerConfig, OptimizersConfig
from srkit_core.recipe import Data, Recipe, Stage
from srkit_core.schedule import Ramp, Schedule
from srkit_core.validation_config import Validation, ValidationSet

TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "recipe": Recipe,
    "data": Data,
    "validation": Validation,
    "validation.sets.NAME": ValidationSet,
    "stages": Stage,
    "stages.optimizer": OptimizersConfig,
    "stages.optimizer.generator": OptimizerConfig,
    "stages.schedule": Schedule,
    "stages.ramps.LOSS": Ramp,
    "evaluation recipe": EvaluationRecipe,
    "sets.NAME": EvaluationSet,
}
"""The tables of a recipe's TOML, in the order in which a person meets them."""

_PAGE: Final = """# The fields of a recipe

Written by `srkit recipes --fields --markdown`. A recipe is a TOML file: `srkit recipes srresnet`
prints one, `srkit check` says whether it can run here, `srkit recipes --schema` prints the JSON
Schema with the options of every installed component (`--evaluation`: that of evaluation recipes).
On a command line a field is `--set stages.0.lr=2e-4`; a stage's field written bare applies to every
stage.
"""
_COLUMNS: Final = 100
_WIDE: Final = 2**31


@dataclass(frozen=True)
class RecipeField:
    """A field of a table, in the words of a person.

    `default` is as TOML writes it, none where the field is then left out, and empty for a table and
    for what is `required`.
    """

    table: str
    name: str
    type: str
    default: str
    required: bool
    meaning: str


@cache
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    """Return the classes of a module as they are written."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)}


def field_meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return the text that stands below each field of a table in the source.

    Not by pydantic's `use_attribute_docstrings`, which reads the sources at every start.
    """
    found = dict[str, str]()
    for field, below in pairwise(_classes(model.__module__)[model.__name__].body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(meaning))),
            ):
                found[name] = " ".join(meaning.split())
    return found


class SchemaAsWritten(GenerateJsonSchema):
    """Writes into a JSON Schema what fields mean, and defaults as they are written in a recipe."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Return the schema of a table, which says what each field means."""
        written = super().model_schema(schema)
        for name, meaning in field_meanings(schema["cls"]).items():
            written["properties"][name]["description"] = meaning
        return written

    def encode_default(self, dft: Any) -> Any:
        """Return a default as plain values."""
        if isinstance(dft, Span) and dft.unit == "steps":
            return dft.count
        as_text = isinstance(dft, (Call, Chain, Sum, Span))
        return str(dft) if as_text else super().encode_default(dft)


def recipe_fields() -> tuple[RecipeField, ...]:
    """Return every field of every table of a recipe."""
    return tuple(field for table, model in TABLES.items() for field in _fields_of(table, model))


def fields_markdown() -> str:
    """Return the page docs/recipe.md."""
    sections = [
        f"## {table_heading(table)}\n\n{_about(model)}\n\n"
        + "\n".join(map(_entry, _fields_of(table, model)))
        for table, model in TABLES.items()
    ]
    return "\n\n".join([_PAGE.rstrip(), *sections]) + "\n"


def _fields_of(table: str, model: type[BaseModel]) -> Iterator[RecipeField]:
    schema = model.model_json_schema(schema_generator=SchemaAsWritten)
    definition = schema.get("$defs", {}).get(model.__name__, schema)
    properties = (definition.get("anyOf") or [definition])[0]["properties"]
    meanings = field_meanings(model)
    for name, written in properties.items():
        field = model.model_fields[name]
        required = field.is_required()
        default = "" if required else _default(written)
        yield RecipeField(table, name, _type(written), default, required, meanings[name])


def _type(schema: Mapping[str, Any]) -> str:
    """Name the type of a field, or of what is in it, from its JSON Schema."""
    if "x-srkit-kind" in schema:
        kind, form = schema["x-srkit-kind"], schema["x-srkit-form"]
        return str(kind) if form == "component" else f"{form} of {_several(kind)}"
    if "enum" in schema:
        return " | ".join(schema["enum"])
    if "anyOf" in schema:
        kinds = [_type(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " | ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        inner = _type(schema["items"])
        return f"list of {'tables' if inner == 'table' else inner}"
    return _plain_type(schema)


def _plain_type(schema: Mapping[str, Any]) -> str:
    match schema.get("type"):
        case "integer":
            return _number("int", schema)
        case "number":
            return _number("number", schema)
        case "boolean":
            return "true | false"
        case "string":
            return " or ".join(map(json.dumps, schema.get("examples", ()))) or "text"
    return "table"


def _several(kind: str) -> str:
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def _number(name: str, schema: Mapping[str, Any]) -> str:
    bounds = dict(schema)
    if name == "int" and "exclusiveMinimum" in bounds:
        bounds["minimum"] = bounds.pop("exclusiveMinimum") + 1
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    said = [f"{sign} {bounds[key]}" for key, sign in signs.items() if _tells(bounds.get(key))]
    return f"{name} {' and '.join(said)}".strip()


def _tells(bound: float | None) -> bool:
    """Whether a bound is worth saying: not that an integer has 63 bits."""
    return bound is not None and abs(bound) < _WIDE


def _default(schema: Mapping[str, Any]) -> str:
    default = schema.get("default", {})
    if isinstance(default, dict):
        return json.dumps(default["name"]) if "name" in default else ""
    return "none" if default is None else json.dumps(default, ensure_ascii=False)


def table_heading(table: str) -> str:
    """Return how a table begins in TOML, or what it is where nothing begins it."""
    if table == "recipe":
        return "At the top of a recipe"
    if table == "evaluation recipe":
        return "An evaluation recipe, for srkit eval"
    if table == "sets.NAME":
        return "[sets.NAME] of an evaluation recipe"
    return f"[[{table}]]" if table == "stages" else f"[{table}]"


def _about(model: type[BaseModel]) -> str:
    paragraphs = [" ".join(one.split()) for one in (model.__doc__ or "").split("\n\n")]
    return "\n\n".join(map(_filled, paragraphs))


def _entry(field: RecipeField) -> str:
    default = f"default `{field.default}`" if field.default else ""
    inside = "; ".join(filter(None, [field.type, "must be written" if field.required else default]))
    return _filled(f"* **`{field.name}`** ({inside}): {field.meaning}", "  ")


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, _COLUMNS, subsequent_indent=indent, break_on_hyphens=False)
