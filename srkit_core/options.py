"""Which options does a factory take, and does a written value fit one?"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    TypeGuard,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from srkit_core.expressions import Call, Value, written
from srkit_core.interfaces import (
    AdversarialLoss,
    Between,
    Degradation,
    Discriminator,
    Generator,
    Loss,
    Metric,
    Range,
    ReferenceLoss,
)
from srkit_core.specs import CONTEXT, Factory, Kind

KIND_OF_PROTOCOL: Final[dict[object, Kind]] = {
    Generator: "generator",
    Discriminator: "discriminator",
    Loss: "loss",
    ReferenceLoss: "loss",
    AdversarialLoss: "loss",
    Metric: "metric",
    Degradation: "degradation",
}
KIND_OF_MAKER: Final[dict[object, Kind]] = {
    Callable[[], protocol]: kind for protocol, kind in KIND_OF_PROTOCOL.items()
}
"""An option of such a type gets a function instead, which builds the component anew, under other
initial weights, at each call.
"""

KIND_OF: Final = KIND_OF_PROTOCOL | KIND_OF_MAKER
REQUIRED: Final = inspect.Parameter.empty
_NONE_WORD = "none"
_NAMES: Final[dict[object, str]] = {**KIND_OF, NoneType: _NONE_WORD, Range: "low..high"}


class MisfitError(Exception):
    """A value does not fit a type; the caller knows which option it was for."""


@dataclass(frozen=True)
class Option:
    """One option of a component, as its factory declares it."""

    name: str
    annotation: Any
    default: Any
    doc: str

    @property
    def required(self) -> bool:
        """Whether an expression must write it."""
        return self.default is REQUIRED

    @property
    def type_name(self) -> str:
        """The type in the words of `srkit show`."""
        return type_name(self.annotation)


def options_of(factory: Factory) -> tuple[Option, ...]:
    """Return what people may write for a factory: its parameters but for the context ones."""
    return tuple(option for option in _parameters(factory) if option.name not in CONTEXT)


def documented_names(factory: Factory) -> tuple[str, ...]:
    """Return what the section `Args:` of a factory's docstring explains, there or not."""
    return tuple(_option_docs(inspect.getdoc(factory) or ""))


def context_of(factory: Factory) -> tuple[str, ...]:
    """Return which of `scale` and `patch` the factory wants to know."""
    return tuple(name for name in inspect.signature(factory).parameters if name in CONTEXT)


def check_signature(factory: Factory) -> str | None:
    """Say what is wrong with a factory's signature, or None."""
    for parameter in inspect.signature(factory).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            return f"parameter '{parameter.name}' of its factory is not keyword-only"
        if parameter.annotation is inspect.Parameter.empty:
            return f"parameter '{parameter.name}' of its factory has no type"
    return next(filter(None, map(_misdeclared, _parameters(factory))), None)


def _misdeclared(option: Option) -> str | None:
    if not _is_option_type(option.annotation):
        return (
            f"parameter '{option.name}' of its factory has type "
            f"{inspect.formatannotation(option.annotation)}, which is no option type"
        )
    if option.required:
        return None
    try:
        fit(_NONE_WORD if option.default is None else option.default, option.annotation)
    except MisfitError as misfit:
        return (
            f"the default of parameter '{option.name}' of its factory does not fit its type: "
            f"it {misfit}"
        )
    return None


def _is_option_type(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _is_option_type(annotation.__origin__) and all(
            isinstance(extra, Between) for extra in annotation.__metadata__
        )
    if get_origin(annotation) is tuple or is_union(annotation):
        return all(
            _is_option_type(inner) for inner in get_args(annotation) if inner is not Ellipsis
        )
    return get_origin(annotation) is Literal or annotation in (
        bool,
        int,
        float,
        str,
        Range,
        NoneType,
        *KIND_OF,
    )


def _parameters(factory: Factory) -> list[Option]:
    hints = get_type_hints(factory, include_extras=True)
    docs = _option_docs(inspect.getdoc(factory) or "")
    return [
        Option(name, hints[name], parameter.default, docs.get(name, ""))
        for name, parameter in inspect.signature(factory).parameters.items()
    ]


def _option_docs(docstring: str) -> dict[str, str]:
    """Read the `Args:` section of a Google-style docstring."""
    _, _, section = docstring.partition("Args:\n")
    section = re.split(r"\n(?=\S)", section)[0]
    entries = re.findall(
        r"^ {4}(\w+)(?: \([^)]*\))?: (.*(?:\n {5,}.*)*)", section, flags=re.MULTILINE
    )
    return {name: " ".join(text.split()) for name, text in entries}


def type_name(annotation: Any) -> str:
    """Name a type the way a person would: `int`, `tanh | linear`, `list of float`, `generator`."""
    if annotation in _NAMES:
        return _NAMES[annotation]
    if get_origin(annotation) is Annotated:
        return " ".join([type_name(annotation.__origin__), *map(str, annotation.__metadata__)])
    if get_origin(annotation) is Literal:
        return " | ".join(map(str, get_args(annotation)))
    if is_union(annotation):
        return " | ".join(dict.fromkeys(map(type_name, get_args(annotation))))
    if get_origin(annotation) is tuple:
        return _tuple_name(get_args(annotation))
    return str(annotation.__name__)


def _tuple_name(inner: tuple[Any, ...]) -> str:
    if len(inner) == 2 and inner[1] is Ellipsis:
        return f"list of {type_name(inner[0])}"
    return f"[{', '.join(map(type_name, inner))}]"


def fit(value: Value, annotation: Any) -> Any:
    """Return `value` as the annotated type, or raise MisfitError naming what was expected.

    Nothing is guessed: an int serves as a float, a word as a component without options; no other
    conversion. A value for a kind stays a Call.
    """
    if annotation in KIND_OF:
        return _fit_kind(value, annotation)
    if get_origin(annotation) is Annotated:
        return _fit_bounded(value, annotation)
    if get_origin(annotation) is Literal:
        return _fit_literal(value, annotation)
    if is_union(annotation):
        return _fit_union(value, annotation)
    if get_origin(annotation) is tuple:
        return _fit_tuple(value, annotation)
    return _fit_plain(value, annotation)


def _fit_kind(value: Value, annotation: Any) -> Call:
    if isinstance(value, str):
        return Call(value)
    if isinstance(value, Call):
        return value
    raise _misfit(value, annotation)


def _fit_bounded(value: Value, annotation: Any) -> Any:
    fitted = fit(value, annotation.__origin__)
    ends = (fitted.low, fitted.high) if isinstance(fitted, Range) else (fitted,)
    numbers = [end for end in ends if end is not None]
    if all(bounds.holds(number) for bounds in annotation.__metadata__ for number in numbers):
        return fitted
    raise _misfit(value, annotation)


def _fit_literal(value: Value, annotation: Any) -> Any:
    for choice in get_args(annotation):
        if value == choice and type(value) is type(choice):
            return choice
    raise _misfit(value, annotation)


def _fit_union(value: Value, annotation: Any) -> Any:
    if value == _NONE_WORD and NoneType in get_args(annotation):
        return None
    for choice in get_args(annotation):
        try:
            return fit(value, choice)
        except MisfitError:
            continue
    raise _misfit(value, annotation)


def _fit_tuple(value: Value, annotation: Any) -> tuple[Any, ...]:
    inner = get_args(annotation)
    if not isinstance(value, tuple):
        raise _misfit(value, annotation)
    types = (inner[0],) * len(value) if len(inner) == 2 and inner[1] is Ellipsis else inner
    if len(types) != len(value):
        raise _misfit(value, annotation)
    return tuple(fit(part, kind) for part, kind in zip(value, types, strict=True))


def _fit_plain(value: Value, annotation: Any) -> Any:
    if annotation is float and _is_number(value):
        return float(value)
    if annotation in (bool, int, str, Range) and type(value) is annotation:
        return value
    raise _misfit(value, annotation)


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_union(annotation: Any) -> bool:
    """Whether a type is one of several, as `int | None`."""
    return get_origin(annotation) in (Union, UnionType)


def _misfit(value: Value, annotation: Any) -> MisfitError:
    shown = f"'{value}'" if isinstance(value, (str, Call)) else written(value)
    return MisfitError(f"expects {type_name(annotation)}, not {shown}")
