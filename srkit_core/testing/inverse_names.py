"""What does a file call a tensor, as the renames of its layout tell?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from srkit_core.models.table_reading import new_name
from srkit_core.specs import LayoutSpec, Replacement
from srkit_core.testing.checks import NotTriedError

_REFERENCE: Final = re.compile(r"\\(\d+)|\\g<(\w+)>")
_TOKEN: Final = re.compile(
    r"(?:\\(?P<escaped>.)|\[(?P<set>\^?\]?[^\]]*)\]|(?P<plain>[^\\\[\]()|*+?{}])"
    r"|(?P<open>\((?:\?:|\?P<(?P<name>\w+)>)?)|(?P<close>\))|(?P<bar>\|))"
)
_AGAIN: Final = re.compile(r"(?P<least>[*+?]|\{(?P<number>\d+)(?:,\d*)?\})[?+]?")
_EXAMPLES: Final = {"d": "0", "w": "a", "s": " ", "D": "a", "S": "a", "W": "."}
_NUMBERS: Final = ("99", "0", "1", "7")
"""Numbers to try where a pattern takes any and drops it: that of what comes after all parts."""


class BeyondThisError(NotTriedError):
    """A pattern has what no example is made of: a condition, a look around, an anchor."""

    def __init__(self, pattern: str) -> None:
        fact = f"no name is made of the pattern {pattern}: foreign_name of a test says it"
        super().__init__(fact)


def foreign_names(layout: LayoutSpec, name: str) -> Iterator[str]:
    """Yield names in a file that become `name`, the likeliest first.

    Raises BeyondThisError for patterns that cannot be turned round.
    """
    made = chain.from_iterable(_before(*rename, name) for rename in layout.renames if rename[1])
    yield from (one for one in chain(made, (name,)) if new_name(layout, one) == name)


def _before(pattern: str, replacement: Replacement, name: str) -> Iterator[str]:
    if not isinstance(replacement, str):
        raise BeyondThisError(pattern)
    reading = _read(pattern)
    values = _values(reading, replacement, name)
    if values is not None:
        yield from (reading.text(values, digit) for digit in _NUMBERS)


@dataclass(frozen=True)
class _Group:
    """A part of a pattern: alternatives of sequences, how often, and as which group."""

    alternatives: Sequence[Sequence["_Group | str"]]
    number: int
    name: str
    source: str

    def text(self, values: Mapping[int, str], digit: str) -> str:
        """Return a text that it matches, with the values of its groups."""
        if self.number in values:
            return values[self.number]
        parts = self.alternatives[0]
        return "".join(
            part.text(values, digit) if isinstance(part, _Group) else part.replace("\0", digit)
            for part in parts
        )

    def groups(self) -> Iterator["_Group"]:
        """Yield the groups within that are counted."""
        for part in chain.from_iterable(self.alternatives):
            if isinstance(part, _Group):
                if part.number:
                    yield part
                yield from part.groups()


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._place, self._count = pattern, 0, 0

    def group(self, number: int = 0, name: str = "") -> _Group:
        start, alternatives = self._place, list[list[_Group | str]]([[]])
        while self._place < len(self._pattern):
            found = self._next(_TOKEN)
            if found["close"]:
                return _Group(alternatives, number, name, self._pattern[start : found.start()])
            if found["bar"]:
                alternatives.append([])
            else:
                alternatives[-1] += [self._part(found)] * self._least()
        return _Group(alternatives, number, name, self._pattern[start:])

    def _part(self, found: re.Match[str]) -> _Group | str:
        if found["open"] is None:
            return _example(found)
        if found["open"] == "(?:":
            return self.group()
        self._count += 1
        return self.group(self._count, found["name"] or "")

    def _least(self) -> int:
        found = _AGAIN.match(self._pattern, self._place)
        if not found:
            return 1
        self._place = found.end()
        return int(found["number"]) if found["number"] else {"?": 0}.get(found["least"], 1)

    def _next(self, token: re.Pattern[str]) -> re.Match[str]:
        found = token.match(self._pattern, self._place)
        if not found:
            raise BeyondThisError(self._pattern)
        self._place = found.end()
        return found


def _example(found: re.Match[str]) -> str:
    """Return a character that a part of a pattern matches; a digit that is free stays open."""
    if found["escaped"] is not None:
        letter = found["escaped"]
        if letter == "d":
            return "\0"
        if letter.isalnum() and letter not in _EXAMPLES:
            raise BeyondThisError(letter)
        return _EXAMPLES.get(letter, letter)
    if found["set"] is not None:
        if found["set"].startswith("^"):
            raise BeyondThisError(found["set"])
        first = found["set"].removeprefix("\\")
        return "\0" if found["set"].startswith("\\d") else first[:1]
    if found["plain"] in "^$":
        raise BeyondThisError(found["plain"])
    return "a" if found["plain"] == "." else str(found["plain"])


def _read(pattern: str) -> _Group:
    return _Reader(pattern).group()


def _values(reading: _Group, replacement: str, name: str) -> dict[int, str] | None:
    """Return the values of groups that make a name of a replacement; None where it makes others."""
    groups = {one.number: one for one in reading.groups()}
    named = {one.name: one.number for one in groups.values() if one.name}
    seen, parts, last = set[int](), [], 0
    for found in _REFERENCE.finditer(replacement):
        number = int(found[1]) if found[1] else named.get(found[2], 0)
        if number not in groups:
            raise BeyondThisError(replacement)
        parts.append(re.escape(replacement[last : found.start()]))
        again = number in seen
        parts.append(f"(?P=g{number})" if again else f"(?P<g{number}>{groups[number].source})")
        seen.add(number)
        last = found.end()
    parts.append(re.escape(replacement[last:]))
    matched = re.fullmatch("".join(parts), name)
    return matched and {number: matched[f"g{number}"] for number in seen}
