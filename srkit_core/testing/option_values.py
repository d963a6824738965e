"""Which other values may people write for an option?"""

from itertools import islice
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from srkit_core.expressions import Call, Value
from srkit_core.interfaces import Between, Range
from srkit_core.options import MisfitError, Option, fit, is_union

_MOST: Final = 6
"""Other values of an option that are tried, but for a choice, of which all are."""
_LARGEST_END: Final = 1000


def other_values(option: Option, current: Value) -> list[Value]:
    """Return values that fit an option and differ from `current`: each of a choice, else a few."""
    found = _kept(option.annotation, _around(option.annotation, current), current)
    return found if _is_choice(option.annotation) else found[:_MOST]


def ends_of(option: Option) -> list[Value]:
    """Return the numbers at the edge of what a type admits: the ends of its bounds, or 0 and -1."""
    low, high = _bounds(option.annotation)
    ends = [0 if low is None else low, *([-1] if low is None else [])]
    ends += [high] if high is not None and high <= _LARGEST_END else []
    wanted = [kind for kind in (int, float) if kind in _parts(option.annotation)]
    return _kept(option.annotation, [kind(end) for kind in wanted for end in ends], None)


def choices_of(option: Option) -> tuple[Value, ...]:
    """Return the words or numbers of which an option is one; none where it is no choice."""
    return get_args(option.annotation) if _is_choice(option.annotation) else ()


def takes_a_range(option: Option) -> bool:
    """Whether `low..high` may be written for it."""
    return Range in _parts(option.annotation)


def takes_a_number(option: Option) -> bool:
    """Whether a plain number may be written for it."""
    return bool({int, float} & set(_parts(option.annotation)))


def fits(value: Value, option: Option) -> bool:
    """Whether a value may be written for an option."""
    try:
        fit(value, option.annotation)
    except MisfitError:
        return False
    return True


def _is_choice(annotation: Any) -> bool:
    return get_origin(annotation) is Literal


def _kept(annotation: Any, values: list[Value], current: Any) -> list[Value]:
    kept = list[Value]()
    for value in values:
        try:
            fitted = fit(value, annotation)
        except MisfitError:
            continue
        if not _same(fitted, current) and not any(_same(value, one) for one in kept):
            kept.append(value)
    return kept


def _same(one: Any, other: Any) -> bool:
    return (one is None and other == "none") or (type(one) is type(other) and one == other)


def _parts(annotation: Any) -> tuple[Any, ...]:
    """Return the plain types that a union is of, without bounds."""
    if get_origin(annotation) is Annotated:
        return _parts(annotation.__origin__)
    if is_union(annotation):
        return tuple(part for inner in get_args(annotation) for part in _parts(inner))
    return (annotation,)


def _bounds(annotation: Any) -> tuple[float | None, float | None]:
    found = [one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, Between)]
    if found:
        return found[0].low, found[0].high
    inner = [_bounds(one) for one in get_args(annotation)] if is_union(annotation) else []
    return next((one for one in inner if one != (None, None)), (None, None))


def _around(annotation: Any, current: Value) -> list[Value]:
    if get_origin(annotation) is Annotated:
        low, high = _bounds(annotation)
        ends = [end for end in (low, high) if end is not None and abs(end) <= _LARGEST_END]
        return [*_around(annotation.__origin__, current), *_as_written(annotation, ends)]
    if is_union(annotation):
        each = [_around(inner, current) for inner in get_args(annotation)]
        return [value for group in each for value in islice(group, _MOST)]
    if _is_choice(annotation):
        return list(get_args(annotation))
    if get_origin(annotation) is tuple:
        return _tuples_around(get_args(annotation), current)
    return _plain_around(annotation, current)


def _as_written(annotation: Any, numbers: list[float]) -> list[Value]:
    kinds = [kind for kind in (int, float) if kind in _parts(annotation)]
    return [kind(number) for kind in kinds for number in numbers]


def _plain_around(annotation: Any, current: Value) -> list[Value]:
    if annotation is NoneType:
        return ["none"]
    if annotation is bool:
        return [True, False]
    if annotation is str:
        return [f"{current}x" if isinstance(current, str) and current else "word"]
    middle = _middle(current)
    if annotation is int:
        whole = int(middle)
        return [whole + 1, whole * 2, whole + 2, whole - 1, max(1, whole // 2), 7]
    if annotation is float:
        return [middle * 1.5, middle / 2, middle + 0.25, middle + 1.0, 1 - middle, 3.0]
    return list(_ranges_around(current, middle)) if annotation is Range else []


def _middle(current: Value) -> float:
    if isinstance(current, Range):
        return (current.low + current.high) / 2
    return current if isinstance(current, (int, float)) and not isinstance(current, bool) else 1


def _ranges_around(current: Value, middle: float) -> tuple[Range, ...]:
    if isinstance(current, Range):
        low, high = current.low, current.high
        return Range(middle, high), Range(low, middle), Range(high, high + 1), Range(low, low)
    return Range(middle / 2, middle * 1.5), Range(middle, middle + 1), Range(middle + 1, middle + 3)


def _tuples_around(inner: tuple[Any, ...], current: Value) -> list[Value]:
    parts = current if isinstance(current, tuple) else ()
    if len(inner) == 2 and inner[1] is Ellipsis:
        some = _kept(inner[0], _around(inner[0], parts[0] if parts else "none"), None)
        first = [*parts[:1], *some]
        return [tuple(first[:2]), (*parts, *first[-1:]), tuple(reversed(parts)), tuple(first[:1])]
    return [
        (*parts[:place], value, *parts[place + 1 :])
        for place, part in enumerate(parts)
        for value in islice(_kept(inner[place], _around(inner[place], part), part), 2)
    ]


def changed(call: Call, option: str, value: Value) -> Call:
    """Return a call in which one option has another value."""
    kept = tuple((name, one) for name, one in call.options if name != option)
    return Call(call.name, (*kept, (option, value)))
