"""Does a value fit the annotation of the field that it was given for?"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

_SHOWN: Final = 60
_EXACT: Final = frozenset((str, bool, int))
"""Types of which every value fits; most fields are of one, and need no more than this look."""
_MOST_FAULTS: Final = 3
"""How many values of one tuple or table are named."""

_WORDS: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    NoneType: "None",
}


def field_faults(value: Any) -> Iterator[str]:
    """Say of each field of a dataclass object what does not fit its annotation, in their order.

    Annotated types carry bounds, which have `holds(value)` and say themselves what they ask for.
    """
    for name, annotation in _annotations(value.__class__):
        given = getattr(value, name)
        if not (given.__class__ is annotation and annotation in _EXACT):
            yield from _faults(given, annotation, name)


@cache
def _annotations(cls: type) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(cls, include_extras=True)
    return tuple((one.name, hints[one.name]) for one in fields(cls))


def _faults(value: Any, annotation: Any, path: str) -> Iterator[str]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _bounded(value, annotation, path)
    elif origin in (Union, UnionType):
        yield from _of_several(value, annotation, path)
    elif origin is tuple and isinstance(value, tuple):
        yield from _within(enumerate(value), _types_of_items(annotation, value), path)
    elif origin is not None and _is_mapping(origin) and isinstance(value, Mapping):
        key, item = get_args(annotation)
        yield from _within(((one, one) for one in value), [key] * len(value), f"a key of {path}")
        yield from _within(value.items(), [item] * len(value), path)
    elif not _is_one(value, annotation, origin):
        yield f"{path} must be {_described(annotation)}, not {_shown(value)}"
    elif is_dataclass(annotation):
        yield from (f"{path}: {fault}" for fault in field_faults(value))
    elif (origin or annotation) is Callable:
        yield from _uncallable(value, annotation, path)


def _bounded(value: Any, annotation: Any, path: str) -> Iterator[str]:
    faults = list(_faults(value, annotation.__origin__, path))
    yield from faults
    for bound in annotation.__metadata__ if not faults else ():
        if not bound.holds(value):
            yield f"{path} must be {bound}, not {_shown(value)}"


def _of_several(value: Any, annotation: Any, path: str) -> Iterator[str]:
    """Say what is wrong with the alternative that a value is nearest to, if none takes it."""
    alternatives = get_args(annotation)
    if value is None and NoneType in alternatives:
        return
    found = list[list[str]]()
    for one in alternatives:
        found.append(list(_faults(value, one, path)))
        if not found[-1]:
            return
    same_type = [
        faults
        for faults, one in zip(found, alternatives, strict=True)
        if _is_one(value, _bare(one), get_origin(_bare(one)))
    ]
    whole = f"{path} must be {_described(annotation)}, not {_shown(value)}"
    yield from same_type[0] if same_type else [whole]


def _within(items: Any, types: list[Any] | None, path: str) -> Iterator[str]:
    named = list(items)
    if types is None or len(types) != len(named):
        yield f"{path} must be of another length than {len(named)}"
        return
    faults = (
        fault
        for (key, one), annotation in zip(named, types, strict=True)
        for fault in _faults(one, annotation, path if key is one else f"{path}[{_shown(key)}]")
    )
    for fault, _ in zip(faults, range(_MOST_FAULTS), strict=False):
        yield fault


def _types_of_items(annotation: Any, value: tuple[Any, ...]) -> list[Any]:
    inner = get_args(annotation)
    if len(inner) == 2 and inner[1] is Ellipsis:
        return [inner[0]] * len(value)
    return list(inner)


def _is_one(value: Any, annotation: Any, origin: Any) -> bool:
    """Whether a value is of a type, as far as its outermost part goes."""
    if annotation in (Any, NoneType):
        return annotation is Any or value is None
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in get_args(annotation))
    of: Any = origin or annotation
    if of is Callable:
        return callable(value)
    if annotation in (int, float):
        of = int if annotation is int else (int, float)
        return isinstance(value, of) and not isinstance(value, bool) and isfinite(value)
    return isinstance(value, of) if isinstance(of, type) else True


def _uncallable(value: Any, annotation: Any, path: str) -> Iterator[str]:
    """Say that a function takes other arguments than it will get, where its signature is known."""
    arguments = get_args(annotation)[:1]
    if not arguments or arguments[0] is Ellipsis:
        return
    try:
        inspect.signature(value).bind(*arguments[0])
    except ValueError:  # a function written in C may have none
        return
    except TypeError:
        number = len(arguments[0])
        words = {0: "no arguments", 1: "one argument"}.get(number, f"{number} arguments")
        yield f"{path} must be a function of {words}"


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _bare(annotation: Any) -> Any:
    return annotation.__origin__ if get_origin(annotation) is Annotated else annotation


def _described(annotation: Any) -> str:
    """Say in words what an annotation asks for."""
    annotation = _bare(annotation)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(_described, inner)))
    if origin is Literal:
        return " or ".join(f"'{one}'" for one in inner)
    if origin is tuple:
        many = len(inner) == 2 and inner[1] is Ellipsis
        what = _described(inner[0]) if many else ", ".join(map(_described, inner))
        return f"a tuple, each item {what}" if many else f"a tuple of {what}"
    of = "a mapping" if origin is not None and _is_mapping(origin) else ""
    words = _WORDS.get(annotation) or ("a function" if (origin or annotation) is Callable else of)
    return words or f"a {getattr(annotation, '__name__', annotation)}"


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception as error:
        text = f"a {type(value).__name__} whose repr raises {type(error).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
