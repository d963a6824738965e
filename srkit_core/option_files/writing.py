"""How is what an option file became written as a recipe?"""

import shlex
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

from srkit_core.fields import RecipeTable
from srkit_core.option_files.conversion import Conversion, WrittenField
from srkit_core.option_files.sayings import Leaf
from srkit_core.recipe import Data, Recipe, Stage
from srkit_core.validation_config import Validation

_COLUMNS: Final = 98
_UNBROKEN: Final = "\0"
"""Stands for a space at which no line is broken, while one is filled."""

_MUST: Final = {
    "generator": "srkit list generator shows what is here, srkit plugin new makes another",
    "discriminator": "srkit list discriminator shows what is here",
    "stages.loss": "srkit list loss shows what is here",
    "stages.steps": "the length of the stage in optimizer steps",
}
"""Fields that a recipe must have, and what to do where the file does not give them."""

_TABLES: Final[dict[str, type[RecipeTable]]] = {
    "data": Data,
    "validation": Validation,
    "stages": Stage,
}


def written_recipe(conversion: Conversion, name: str) -> str:
    """Return the recipe as TOML, with every key of the file called `name` in it."""
    parts = [_head(conversion, name), _unsaid(conversion), _fields(conversion)]
    return "\n\n".join([*filter(None, parts), _otherwise(conversion)]).rstrip() + "\n"


def _head(conversion: Conversion, name: str) -> str:
    counts = [f"{count} {what}" for what, count in conversion.counts.items()]
    total = sum(conversion.counts.values())
    told = f"From {name}, options of {conversion.trainer}: of {total} keys {', '.join(counts)}."
    return "\n".join([*_comment(told), "#", *_commands(conversion)])


def _commands(conversion: Conversion) -> Iterator[str]:
    """Yield the command lines that train the recipe, each word as a shell reads it."""
    yield from (f"# {said.first}" for _, said in conversion.otherwise if said.first)
    told = dict.fromkeys(said.words for _, said in conversion.otherwise if said.words)
    flags = list(dict.fromkeys(flag for words in told for flag in _by_flag(words)))
    if not any(flag.startswith("--precision") for flag in flags):
        flags.append("--precision fp32")
    yield " \\\n#   ".join(["# srkit train mine.toml", *flags])


def _by_flag(words: Sequence[str]) -> Iterator[str]:
    """Yield flags with their values."""
    told = list[str]()
    for word in words:
        if word.startswith("--") and told:
            yield shlex.join(told)
            told = []
        told.append(word)
    yield shlex.join(told)


def _unsaid(conversion: Conversion) -> str:
    lines = list[str]()
    if conversion.unsaid:
        lines += ["# Cannot be said:"]
        lines += [
            line
            for leaf, said in conversion.unsaid
            for line in _comment(f"{_told([leaf])}: {said.why}", "  ")
        ]
    lines += [
        line
        for leaf in conversion.unknown
        for line in _comment(f"unknown to srkit: {_told([leaf])}")
    ]
    return "\n".join(lines)


def _otherwise(conversion: Conversion) -> str:
    entries = [
        line
        for leaf, said in conversion.otherwise
        for line in _comment(f"{_told([leaf])}: {said.how}", "  ")
    ]
    return "\n".join(["# Said otherwise:", *entries]) if entries else ""


def _fields(conversion: Conversion) -> str:
    """Return the tables of the recipe, their fields in the order of its page."""
    top = [name for name in Recipe.model_fields if name not in _TABLES]
    tables = ["\n".join(_lines(conversion, "", top))]
    for table, model in _TABLES.items():
        lines = list(_lines(conversion, f"{table}.", list(model.model_fields)))
        if lines:
            title = "[[stages]]" if table == "stages" else f"[{table}]"
            tables.append("\n".join([title, *lines]))
    return "\n\n".join(tables)


def _lines(conversion: Conversion, table: str, order: Sequence[str]) -> Iterator[str]:
    """Yield the fields of a table, those that its model does not list at the end."""
    here = {
        place.removeprefix(table): entry
        for place, entry in conversion.fields.items()
        if place.startswith(table) and (table or place.partition(".")[0] not in _TABLES)
    }
    must = {place: told for place, told in _MUST.items() if _is_missed(conversion, place)}
    for name in dict.fromkeys([*order, *(place.partition(".")[0] for place in here)]):
        if f"{table}{name}" in must:
            yield from _comment(f"{name} = ...: must be written; {must[f'{table}{name}']}")
        for place, entry in here.items():
            if place.partition(".")[0] == name:
                yield from _line(place, entry)


def _is_missed(conversion: Conversion, place: str) -> bool:
    """Whether a field has to be written by hand; a discriminator where the file has another."""
    wanted = place != "discriminator" or any(
        leaf.key == "network_d.type" for leaf, _ in conversion.unsaid
    )
    return wanted and place not in conversion.fields


def _line(name: str, entry: WrittenField) -> Iterator[str]:
    """Yield a field behind the keys that it comes from; of one key beside it, where it fits."""
    line = f"{name} = {_toml(entry.value)}"
    note = f" ({entry.note})" if entry.note else ""
    if len(entry.keys) == 1 and len(f"{line}  # {entry.keys[0].key}{note}") <= _COLUMNS:
        leaf = entry.keys[0]
        same = _toml(leaf.value) == _toml(entry.value)
        yield f"{line}  # {leaf.key if same and leaf.written else leaf}{note}"
        return
    yield from _comment(f"{_told(entry.keys)}{note}")
    yield line


def _told(keys: Sequence[Leaf]) -> str:
    """Return keys with their values, in which a line is broken between them only."""
    return ", ".join(str(leaf).replace(" ", _UNBROKEN) for leaf in keys)


def _comment(text: str, indent: str = "") -> list[str]:
    """Return text as lines of a comment; a key is never broken."""
    lines = textwrap.wrap(
        " ".join(text.replace("`", "").split(" ")),
        _COLUMNS,
        initial_indent=f"# {indent}",
        subsequent_indent=f"# {indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_UNBROKEN, " ") for line in lines]


def _toml(value: Any) -> str:
    """Return a value as TOML on one line."""
    import tomli_w

    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return "" if value is None else tomli_w.dumps({"a": value}).removeprefix("a = ").strip()
