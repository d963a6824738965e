"""Which settings does each run of a sweep get, and what is it called?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, product
from typing import Final, TypeAlias

from srkit_core.errors import RecipeError

Combination: TypeAlias = Mapping[str, str]
"""A value for each key of a recipe, as text; `KEY=VALUE` is a setting."""

_HINT: Final = '--over "stages.0.lr=[1e-4, 2e-4]"'
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
_LONGEST: Final = 80
"""Letters of the name of a run: its files lie deeper still."""


def combinations_of(over: Sequence[str]) -> list[Combination]:
    """Return every combination of the values that `KEY=[V1, V2]` give to keys; `A,B=[[1, 2], [3,
    4]]` gives several keys values that belong together.

    Raises RecipeError where a text is no key with a list of values, or gives a key values twice.
    """
    axes = [_axis(text) for text in over]
    keys = [key for axis in axes for key in axis[0]]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise RecipeError(f"--over gives {twice} values twice", hint="one --over for each key")
    together = product(*axes)
    return [{key: value for one in parts for key, value in one.items()} for parts in together]


def settings_of(combination: Combination) -> tuple[str, ...]:
    """Return a combination as `--set` takes it."""
    return tuple(f"{key}={value}" for key, value in combination.items())


def names_of(combinations: Sequence[Combination]) -> list[str]:
    """Return what the folder of each combination is called: `lr=1e-4,batch=16`."""
    short = _short_keys(list(combinations[0]))
    names = list[str]()
    for one in combinations:
        words = (f"{short[key]}={_plain(value)}" for key, value in one.items())
        names.append(_free(",".join(words)[:_LONGEST], names))
    return names


def _axis(text: str) -> list[Combination]:
    """Return the values that one --over gives to its keys, together."""
    before, equals, after = text.partition("=")
    keys, values = [key.strip() for key in before.split(",")], _items(after)
    if not equals or not all(keys) or not values:
        raise RecipeError(f"--over takes KEY=[V1, V2], not '{text}'", hint=_HINT)
    if len(keys) == 1:
        return [{keys[0]: value} for value in values]
    tuples = [_items(value) for value in values]
    wrong = next(
        (value for value, one in zip(values, tuples, strict=True) if len(one or ()) != len(keys)),
        None,
    )
    if wrong is not None:
        fact = f"--over {before} needs {len(keys)} values each, and one is {wrong}"
        raise RecipeError(fact, hint='--over "lr,batch=[[1e-4, 16], [2e-4, 32]]"')
    return [dict(zip(keys, one or (), strict=True)) for one in tuples]


def _items(text: str) -> list[str] | None:
    """Return the items of a list between brackets, as text; None where there is no list."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    items = [one.strip() for one in _parted(text[1:-1])]
    items = items[:-1] if items[-1:] == [""] else items
    return items if all(items) else None


def _parted(text: str) -> Iterator[str]:
    """Yield what stands between commas that are in no brackets and no quotes."""
    depth, quote, start = 0, "", 0
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "," and depth == 0:
            yield text[start:place]
            start = place + 1
        else:
            depth += (letter in _OPENING) - (letter in _CLOSING)
    yield text[start:]


def _short_keys(keys: Sequence[str]) -> dict[str, str]:
    """Return for each key as many of its last words as tell it from the others."""
    short = {}
    for key in keys:
        words = key.split(".")
        ends = (".".join(words[-number:]) for number in range(1, len(words) + 1))
        others = [one for one in keys if one != key]
        short[key] = next(
            (end for end in ends if not any(f".{one}".endswith(f".{end}") for one in others)), key
        )
    return {key: _plain(word) for key, word in short.items()}


def _plain(text: str) -> str:
    """Return text of letters that no file system and no shell reads otherwise."""
    return re.sub(r"[^A-Za-z0-9.+_]+", "-", text).strip("-") or "-"


def _free(name: str, taken: Sequence[str]) -> str:
    lower = {one.casefold() for one in taken}
    if name.casefold() not in lower:
        return name
    numbered = (f"{name}-{number}" for number in count(2))
    return next(one for one in numbered if one.casefold() not in lower)
