"""How is a field of a recipe read from text, and written back?"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from srkit_core.expressions import Call, Chain, Sum, parse_call, parse_chain, parse_sum


class RecipeTable(BaseModel):
    """A table of a recipe: frozen, and unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True)
class _AsText:
    """Tells pydantic that a node of the language is read from text and written as text, and the
    JSON Schema which kind of components it names (`x-srkit-kind`).
    """

    kind: str
    parse: Callable[[str], object]
    node: type[Call | Sum | Chain]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._read,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema()
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        form = {Call: "component", Sum: "sum", Chain: "chain"}[self.node]
        return {"type": "string", "x-srkit-form": form, "x-srkit-kind": self.kind}

    def _read(self, value: object) -> object:
        if isinstance(value, self.node):
            return value
        if not isinstance(value, str):
            raise ValueError("expects the text of an expression")
        return self.parse(value)


GeneratorText: TypeAlias = Annotated[Call, _AsText("generator", parse_call, Call)]
DiscriminatorText: TypeAlias = Annotated[Call, _AsText("discriminator", parse_call, Call)]
LossText: TypeAlias = Annotated[Sum, _AsText("loss", parse_sum, Sum)]
MetricText: TypeAlias = Annotated[Sum, _AsText("metric", parse_sum, Sum)]
DegradationText: TypeAlias = Annotated[Chain, _AsText("degradation", parse_chain, Chain)]
AugmentText: TypeAlias = Annotated[Chain, _AsText("augmentation", parse_chain, Chain)]


@dataclass(frozen=True)
class Span:
    """A length or interval: so many steps or epochs."""

    count: int
    unit: Literal["steps", "epochs"] = "steps"

    def __str__(self) -> str:
        return f"{self.count} {self.unit}"

    def steps(self, steps_per_epoch: int) -> int:
        """Return the length in steps."""
        return self.count * (steps_per_epoch if self.unit == "epochs" else 1)


def _read_rise(value: object) -> object:
    return Span(0) if value == 0 and not isinstance(value, bool) else _read_span(value)


def _read_span(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return Span(value)
    match = (
        re.fullmatch(r"\s*([1-9]\d*)\s*(steps?|epochs?)\s*", value)
        if isinstance(value, str)
        else None
    )
    if match:
        return Span(int(match[1]), "epochs" if match[2].startswith("epoch") else "steps")
    if isinstance(value, Span):
        return value
    raise ValueError('expects a number of steps of at least 1, or "2 epochs"')


def _span_field(read: Callable[[object], object], least: int) -> tuple[Any, ...]:
    return (
        PlainValidator(read),
        PlainSerializer(
            lambda span: span.count if span.unit == "steps" else str(span), return_type=int | str
        ),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "integer", "minimum": least},
                    {"type": "string", "examples": ["2 epochs"]},
                ]
            }
        ),
    )


SpanText: TypeAlias = Annotated[Span, *_span_field(_read_span, 1)]
RiseText: TypeAlias = Annotated[Span, *_span_field(_read_rise, 0)]
"""A length that may be 0."""

_Item = TypeVar("_Item")
Several: TypeAlias = Annotated[tuple[_Item, ...], Field(strict=False)]
"""A tuple, which TOML writes as a list."""


def _read_selection(value: object) -> object:
    if isinstance(value, float) and 0 < value < 1:
        return value
    if isinstance(value, str) and value:
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value):
        return tuple(value)
    raise ValueError(
        "expects a share between 0 and 1, a list of names, or the path of a text file with names"
    )


SelectionText: TypeAlias = Annotated[
    float | tuple[str, ...] | str,
    PlainValidator(_read_selection),
    PlainSerializer(
        lambda selection: list(selection) if isinstance(selection, tuple) else selection,
        return_type=Any,
    ),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                {"type": "array", "items": {"type": "string"}},
                {"type": "string", "minLength": 1},
            ]
        }
    ),
]
"""Some of the pictures: a share, their names, or the path of a list of names."""


def _read_option(value: object) -> object:
    if isinstance(value, (str, bool)) or _is_number(value):
        return value
    if isinstance(value, (list, tuple)) and all(map(_is_number, value)):
        return tuple(value)
    raise ValueError("expects a number, true, false, a text or a list of numbers")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


FreeOption: TypeAlias = Annotated[
    Any,
    PlainValidator(_read_option),
    WithJsonSchema({"type": ["boolean", "number", "string", "array"]}),
]
"""An option whose type is known elsewhere (by a class of `torch.optim`)."""
