"""What has become of every key of an option file?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, TypeAlias

from srkit_core.option_files.components_in_making import ComponentInMaking, joined
from srkit_core.option_files.other_trainer import OtherTrainer
from srkit_core.option_files.sayings import (
    At,
    CannotBeSaid,
    IntoField,
    IntoTerm,
    Leaf,
    Options,
    SaidOtherwise,
    Saying,
    value_shown,
)
from srkit_core.option_files.ways import OFF

_NOTHING: Final = SaidOtherwise("what it belongs to is not in the recipe")


Components: TypeAlias = dict[tuple[str, str], ComponentInMaking]
"""Components by their field and their term."""


@dataclass
class WrittenField:
    """A field of the recipe with its value and the keys that it comes from."""

    value: Any
    keys: list[Leaf]
    note: str = ""


@dataclass
class Conversion:
    """What an option file becomes: fields by their place, and keys that are something else."""

    trainer: str
    fields: dict[str, WrittenField] = field(default_factory=dict)
    otherwise: list[tuple[Leaf, SaidOtherwise]] = field(default_factory=list)
    unsaid: list[tuple[Leaf, CannotBeSaid]] = field(default_factory=list)
    unknown: list[Leaf] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many keys of the file became what."""
        unsaid = {leaf.key for leaf, _ in self.unsaid}
        into = {leaf.key for one in self.fields.values() for leaf in one.keys if leaf.written}
        otherwise = {leaf.key for leaf, _ in self.otherwise}
        return {
            "became fields": len(into - unsaid),
            "are said otherwise": len(otherwise - into - unsaid),
            "cannot be said": len(unsaid),
            "are unknown": len(self.unknown),
        }


def convert(trainer: OtherTrainer, found: Sequence[Leaf]) -> Conversion:
    """Return what becomes of each key, in the order of the file."""
    all_of_them = [*found, *_defaults(trainer, found)]
    options = Options(all_of_them)
    result = Conversion(trainer.name)
    components: Components = {}
    for leaf in all_of_them:
        for saying in _sayings(trainer, At(leaf, options)):
            _note(result, components, leaf, saying)
    _put_together(result, components)
    return result


def _defaults(trainer: OtherTrainer, found: Sequence[Leaf]) -> Iterator[Leaf]:
    """Yield what the trainer takes where the file says nothing."""
    keys = {leaf.key for leaf in found}
    tables = dict.fromkeys(
        ".".join(parts[:length])
        for parts in (key.split(".") for key in keys)
        for length in range(1, len(parts))
    )
    for default in trainer.defaults:
        for table in ("", *sorted(tables)):
            key = f"{table}.{default.key}" if table else default.key
            if _is_of(table, default.table) and key not in keys:
                yield Leaf(key, default.value, written=False)


def _is_of(table: str, pattern: str) -> bool:
    return table.count(".") == pattern.count(".") and fnmatchcase(table, pattern)


def _sayings(trainer: OtherTrainer, at: At) -> Sequence[Saying | None]:
    row = next((one for one in trainer.rows if one.holds(at.leaf.key)), None)
    if row is None:
        return [None]
    if at.value is None:
        return [SaidOtherwise("nothing is asked for")]
    try:
        said = row.way.says(at)
    except (ValueError, TypeError, OverflowError):
        return [CannotBeSaid(f"{value_shown(at.value)} is no value that this key can have")]
    return said if isinstance(said, Sequence) else [said]


def _note(
    result: Conversion,
    components: Components,
    leaf: Leaf,
    saying: Saying | None,
) -> None:
    if not leaf.written and not isinstance(saying, (IntoField, IntoTerm)):
        return  # a default that changes nothing here
    match saying:
        case None:
            result.unknown.append(leaf)
        case SaidOtherwise():
            result.otherwise.append((leaf, saying))
        case CannotBeSaid():
            result.unsaid.append((leaf, saying))
        case IntoField(place, value, note):
            entry = result.fields.setdefault(place, WrittenField(value, [], note))
            entry.keys.append(leaf)
        case IntoTerm(place, term, name, value):
            components.setdefault((place, term), ComponentInMaking(place)).add(leaf, name, value)


def _put_together(result: Conversion, components: Components) -> None:
    """Write the expressions of the fields, and tell of components that are left out."""
    for place in dict.fromkeys(place for place, _ in components):
        here = [one for (of, _), one in components.items() if of == place]
        kept = [one for one in here if one.takes_part]
        result.otherwise += [
            (leaf, OFF if one.name else _NOTHING)
            for one in here
            if not one.takes_part
            for leaf in one.keys
            if leaf.written
        ]
        if kept:
            keys = {leaf.key: leaf for one in kept for leaf in one.keys}
            result.fields[place] = WrittenField(joined(place, kept), list(keys.values()))
