"""How does the table say what becomes of a key?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, Protocol, TypeAlias

from srkit_core.expressions import Value, parse_call
from srkit_core.option_files.sayings import (
    At,
    CannotBeSaid,
    IntoField,
    IntoTerm,
    SaidOtherwise,
    Sayings,
    value_shown,
)

OFF: Final = SaidOtherwise("its weight is 0, so the loss is left out")
"""What becomes of a loss that is switched off."""


class Way(Protocol):
    """What becomes of a key; `told` says it in the manual's table."""

    @property
    def told(self) -> str:
        """What the manual says, in Markdown."""

    def says(self, at: At) -> Sayings:
        """Return what the key becomes."""


@dataclass(frozen=True)
class Row:
    """Keys, separated by commas, in which * stands for anything, and what becomes of them."""

    there: str
    way: Way

    def holds(self, key: str) -> bool:
        """Whether a key is one of the row's."""
        return any(fnmatchcase(key, pattern) for pattern in self.there.split(", "))


@dataclass(frozen=True)
class Becomes:
    """A field of the recipe, with the value that `read` makes of the file's."""

    place: str
    read: Callable[[Any], Any]

    @property
    def told(self) -> str:
        """The field, without the table that it stands in."""
        return f"`{self.place.removeprefix('stages.')}`"

    def says(self, at: At) -> IntoField:
        """Return what the key becomes."""
        return IntoField(self.place, self.read(at.value))


@dataclass(frozen=True)
class SaysFlag:
    """A flag of `srkit train` with the value that the file has."""

    flag: str

    @property
    def told(self) -> str:
        """The flag."""
        return f"`{self.flag}`"

    def says(self, at: At) -> SaidOtherwise:
        """Return what the key becomes."""
        return SaidOtherwise(f"say {self.flag}", (self.flag, str(at.value)))


@dataclass(frozen=True)
class Switch:
    """What is asked for with true: a flag with its value; false asks for nothing."""

    words: tuple[str, ...]

    @property
    def told(self) -> str:
        """The flag."""
        return f"`{' '.join(self.words)}`"

    def says(self, at: At) -> SaidOtherwise:
        """Return what the key becomes."""
        if not at.value:
            return SaidOtherwise("nothing is asked for")
        return SaidOtherwise(f"say {' '.join(self.words)}", self.words)


@dataclass(frozen=True)
class Same:
    """What srkit does anyway; where `values` are given, another one cannot be said."""

    why: str
    values: tuple[Any, ...] = ()

    @property
    def told(self) -> str:
        """What srkit does, and for which values it is the same."""
        given = " or ".join(f"`{value_shown(one)}`" for one in self.values)
        return f"{given}: {self.why}" if given else self.why

    def says(self, at: At) -> SaidOtherwise | CannotBeSaid:
        """Return what the key becomes."""
        known = [one.lower() if isinstance(one, str) else one for one in self.values]
        value = at.value.lower() if isinstance(at.value, str) else at.value
        if not self.values or value in known:
            return SaidOtherwise(self.why)
        return CannotBeSaid(
            f"only {' or '.join(map(value_shown, self.values))} can be said: {self.why}"
        )


@dataclass(frozen=True)
class Never:
    """What has no counterpart here; `unless` is the value with which nothing is asked for."""

    why: str
    unless: tuple[Any, ...] = ()

    @property
    def told(self) -> str:
        """Why it cannot be said."""
        return f"cannot be said: {self.why}"

    def says(self, at: At) -> SaidOtherwise | CannotBeSaid:
        """Return what the key becomes."""
        if at.value in self.unless:
            return SaidOtherwise("nothing is asked for")
        return CannotBeSaid(self.why)


@dataclass(frozen=True)
class By:
    """What a function makes of a key and the file around it."""

    told: str
    work: Callable[[At], Sayings]

    def says(self, at: At) -> Sayings:
        """Return what the key becomes."""
        return self.work(at)


OptionWay: TypeAlias = "str | tuple[str, Callable[[Any], Value]] | Way"
"""What an option of a component becomes: an option of that name, with a value read by a function,
or by another way."""


@dataclass(frozen=True)
class Counterpart:
    """The component here that is a component there, with what has always to be written."""

    here: str
    options: Mapping[str, OptionWay] = field(default_factory=dict)

    def part(self, at: At, tail: str) -> Sayings | None:
        """Return what an option of the component becomes; None where it is not known."""
        way = next((one for name, one in self.options.items() if fnmatchcase(tail, name)), None)
        if tail == "type" and way is None:
            return at.part("", parse_call(self.here))
        if isinstance(way, str):
            return at.part(way, expression_value(at.value))
        if isinstance(way, tuple):
            return at.part(way[0], way[1](at.value))
        return None if way is None else way.says(at)


@dataclass(frozen=True)
class OfType:
    """A table whose key `type` names a component, and whose other keys are its options."""

    place: str
    kind: str
    known: Mapping[str, Counterpart]
    told: str

    def says(self, at: At) -> Sayings:
        """Return what the key becomes."""
        table = self.table_of(at)
        there = str(at.options.get(f"{table}.type", ""))
        found = next((one for of, one in self.known.items() if of.lower() == there.lower()), None)
        tail = at.leaf.key.removeprefix(f"{table}.")
        if found is None:
            off = self.place == "stages.loss" and at.options.get(f"{table}.loss_weight") == 0
            return OFF if off else self._missing(there, tail)
        inside = At(at.leaf, at.options, self.place, table)
        said = found.part(inside, tail)
        return CannotBeSaid(f"srkit's {found.here} has no such option") if said is None else said

    def _missing(self, there: str, tail: str) -> CannotBeSaid:
        if tail == "type":
            return CannotBeSaid(f"srkit has no {self.kind} {there}")
        return CannotBeSaid(f"belongs to {there}" if there else f"the {self.kind} has no type")

    def table_of(self, at: At) -> str:
        """Return the table that holds the key `type`: the nearest one around the key."""
        table = at.parent
        while "." in table and at.options.get(f"{table}.type") is None:
            table = table.rpartition(".")[0]
        return table


def expression_value(value: Any) -> Value:
    """Return a value of a file as one of an expression."""
    if isinstance(value, list):
        return tuple(map(expression_value, value))
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def weight(at: At) -> IntoTerm:
    """Return the weight of a loss."""
    return at.part("*", float(at.value))
