"""Under which keys of a file does a layout find tables of tensors?"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from srkit_core.specs import LayoutSpec

_DEEPEST: Final = 2
"""How many names stand before those of a table that is recognised as a whole, at most."""


def keys_of(layout: LayoutSpec, names: Collection[str]) -> list[str]:
    """Return the keys under which every mark of a layout is found, or under which it recognises a
    table: those nearest to the top.
    """
    if layout.recognises is not None:
        return _recognised(layout.recognises, names)
    first, *others = (re.compile(mark).fullmatch for mark in layout.marks)
    keys = dict.fromkeys(key for name in names for key in _keys_with(first, name))
    return [key for key in keys if all(_has(names, key, matches) for matches in others)]


def _recognised(recognises: Callable[[Collection[str]], bool], names: Collection[str]) -> list[str]:
    for depth in range(_DEEPEST + 1):
        tables: dict[str, list[str]] = {}
        for name in names:
            *heads, rest = name.split(".", depth)
            if len(heads) == depth:
                tables.setdefault(".".join(heads), []).append(rest)
        found = [key for key, inside in tables.items() if recognises(inside)]
        if found:
            return found
    return []


def _keys_with(matches: Callable[[str], object], name: str) -> Iterator[str]:
    starts = [0, *(found.end() for found in re.finditer(r"\.", name))]
    return (name[: max(start - 1, 0)] for start in starts if matches(name[start:]))


def _has(names: Iterable[str], key: str, matches: Callable[[str], object]) -> bool:
    return any(matches(rest) for rest in _rests(names, key))


def _rests(names: Iterable[str], key: str) -> Iterator[str]:
    start = f"{key}." if key else ""
    return (name.removeprefix(start) for name in names if name.startswith(start))
