"""What may a key of an option file become here?

Every key becomes a field of the recipe, a part of an expression in one, a flag or a habit of srkit,
or a sentence that says why it cannot be said.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from srkit_core.expressions import Value


@dataclass(frozen=True)
class Leaf:
    """A key of an option file, with dots, and its value.

    `written` is false where the file says nothing and the trainer takes a value of its own.
    """

    key: str
    value: Any
    written: bool = True

    def __str__(self) -> str:
        return f"{self.key} = {value_shown(self.value)}{'' if self.written else ' (its default)'}"


@dataclass(frozen=True)
class IntoField:
    """A field of the recipe by its place, such as `stages.patch`, with a TOML value."""

    place: str
    value: Any
    note: str = ""


@dataclass(frozen=True)
class IntoTerm:
    """Part of an expression: of the field `place`, the component called `term`.

    `name` is an option of it; "" its name with the options that are always written, "*" its weight,
    "@" its probability, "NAME[]" one of a list, and "=" nothing that has to be written, as it is
    the default here.
    """

    place: str
    term: str
    name: str
    value: Value = ""


@dataclass(frozen=True)
class SaidOtherwise:
    """A habit of srkit, or words of the command line; `first` is a command to run before."""

    how: str
    words: tuple[str, ...] = ()
    first: str = ""


@dataclass(frozen=True)
class CannotBeSaid:
    """Why a key has no counterpart here."""

    why: str


Saying: TypeAlias = IntoField | IntoTerm | SaidOtherwise | CannotBeSaid
Sayings: TypeAlias = Saying | Sequence[Saying]


class Options:
    """The keys of an option file, with dots."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._values = {leaf.key: leaf.value for leaf in leaves}

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key; `default` where it is absent or empty (`~`)."""
        value = self._values.get(key)
        return default if value is None else value

    def tables(self, beginning: str) -> list[str]:
        """Return the names of the tables in a table."""
        start = f"{beginning}."
        inside = (key.removeprefix(start) for key in self._values if key.startswith(start))
        return list(dict.fromkeys(key.partition(".")[0] for key in inside if "." in key))


@dataclass(frozen=True)
class At:
    """A key that is being carried over, and the file around it.

    `place` and `term` are where the parts of its component go.
    """

    leaf: Leaf
    options: Options
    place: str = ""
    term: str = ""

    @property
    def value(self) -> Any:
        """The value of the key."""
        return self.leaf.value

    @property
    def parent(self) -> str:
        """The table that the key stands in."""
        return self.leaf.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The last word of the key."""
        return self.leaf.key.rpartition(".")[2]

    def beside(self, name: str, default: Any = None) -> Any:
        """Return the value of another key of the same table."""
        return self.options.get(f"{self.parent}.{name}", default)

    def part(self, name: str, value: Value = "") -> IntoTerm:
        """Return a part of the component that the key belongs to."""
        return IntoTerm(self.place, self.term, name, value)


def value_shown(value: Any) -> str:
    """Return a value on one line, as JSON or nearly so."""
    if value is None:
        return "none"
    return json.dumps(value, ensure_ascii=False, default=str)


def number(value: Any) -> int | float:
    """Return a number, whole where it is; raises ValueError for what is none."""
    found = float(value)
    return int(found) if found.is_integer() else found


def whole(value: Any) -> int:
    """Return a whole number, `5e3` too; raises ValueError for what is none."""
    found = number(value)
    if isinstance(found, float):
        raise ValueError(f"{value!r} is not a whole number")
    return found
