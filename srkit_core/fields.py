"""How is a field of a recipe read from text, and written back?

A field reads as one type and may be written as several: `loss` reads as a Sum, and is written as
the text of one too. pydantic is told how to read it; type checkers are told both types.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    TypeAlias,
    TypeVar,
)

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
from srkit_core.interfaces import LENGTH


class RecipeTable(BaseModel):
    """A table of a recipe: frozen, and unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
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


_DIGITS: Final = 12
_LONGEST: Final = 10**_DIGITS
"""Steps that no run takes, and that every sum with them can still be done."""


def _read_span(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LONGEST:
        return Span(value)
    match = LENGTH.fullmatch(value) if isinstance(value, str) else None
    if match and match[2] and len(match[1]) <= _DIGITS:
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


_LR_NAMES: Final = r"^([^{}/\\\\]*\{\}[^{}/\\\\]*)?$"


def _read_lr_names(value: object) -> object:
    texts = list(value.values()) if isinstance(value, Mapping) else [value]
    if all(isinstance(text, str) and re.search(_LR_NAMES, text) for text in texts):
        return dict(value) if isinstance(value, Mapping) else value
    raise ValueError(
        'expects a text with one {} and no folder, such as "{}x4", or a table of them by set'
    )


def _read_option(value: object) -> object:
    if isinstance(value, (str, bool)) or _is_number(value):
        return value
    if isinstance(value, (list, tuple)) and all(
        isinstance(one, str) or _is_number(one) for one in value
    ):
        return tuple(value)
    raise ValueError("expects a number, true, false, a text or a list of numbers or texts")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


_Read = TypeVar("_Read")
_Write = TypeVar("_Write")
_Item = TypeVar("_Item")


def default(value: object) -> Any:
    """Give a field a default as it reads; type checkers need not compare it with what is written.

    pydantic validates it.
    """
    return value


if TYPE_CHECKING:

    class Written(Generic[_Read, _Write]):
        """A field that reads as one type, and is written as another."""

        def __get__(self, instance: object, owner: type) -> _Read: ...
        def __set__(self, instance: object, value: _Write) -> None: ...

    GeneratorText: TypeAlias = Written[Call, Call | str]
    DiscriminatorText: TypeAlias = Written[Call | None, Call | str | None]
    LossText: TypeAlias = Written[Sum, Sum | str]
    MetricText: TypeAlias = Written[Sum, Sum | str]
    OptionalMetricText: TypeAlias = Written[Sum | None, Sum | str | None]
    DegradationText: TypeAlias = Written[Chain, Chain | str]
    OptionalDegradationText: TypeAlias = Written[Chain | None, Chain | str | None]
    AugmentText: TypeAlias = Written[Chain, Chain | str]
    SpanText: TypeAlias = Written[Span, Span | int | str]
    OptionalSpanText: TypeAlias = Written[Span | None, Span | int | str | None]
    RiseText: TypeAlias = Written[Span, Span | int | str]
    SpansText: TypeAlias = Written[tuple[Span, ...], Sequence[Span | int | str]]
    Several: TypeAlias = Written[tuple[_Item, ...], Sequence[_Item]]
    SelectionText: TypeAlias = Written[
        float | tuple[str, ...] | str, float | list[str] | tuple[str, ...] | str
    ]
    LrNamesText: TypeAlias = Written[str | Mapping[str, str], str | Mapping[str, str]]
    Table: TypeAlias = Written[_Item, _Item | str | Mapping[str, Any]]
    FreeOption: TypeAlias = Any
else:
    GeneratorText = Annotated[Call, _AsText("generator", parse_call, Call)]
    DiscriminatorText = Annotated[Call, _AsText("discriminator", parse_call, Call)] | None
    LossText = Annotated[Sum, _AsText("loss", parse_sum, Sum)]
    MetricText = Annotated[Sum, _AsText("metric", parse_sum, Sum)]
    OptionalMetricText = MetricText | None
    DegradationText = Annotated[Chain, _AsText("degradation", parse_chain, Chain)]
    OptionalDegradationText = DegradationText | None
    AugmentText = Annotated[Chain, _AsText("augmentation", parse_chain, Chain)]
    SpanText = Annotated[Span, *_span_field(_read_span, 1)]
    OptionalSpanText = SpanText | None
    RiseText = Annotated[Span, *_span_field(_read_rise, 0)]
    """A length that may be 0."""
    Several = Annotated[tuple[_Item, ...], Field(strict=False)]
    """A tuple, which TOML writes as a list."""
    SpansText = Several[SpanText]
    SelectionText = Annotated[
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
    LrNamesText = Annotated[
        str | dict[str, str],
        PlainValidator(_read_lr_names),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string", "pattern": _LR_NAMES},
                    {
                        "type": "object",
                        "additionalProperties": {"type": "string", "pattern": _LR_NAMES},
                    },
                ]
            }
        ),
    ]
    """How LR files are called: a text for all sets, or one for each."""
    Table = Annotated[_Item, "a table, or what its model reads as one"]
    FreeOption = Annotated[
        Any,
        PlainValidator(_read_option),
        WithJsonSchema({"type": ["boolean", "number", "string", "array"]}),
    ]
    """An option whose type is known elsewhere (by a class of `torch.optim`, or a factory)."""
