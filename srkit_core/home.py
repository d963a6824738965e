"""Which path is meant where `~` stands for the home of a person?

A shell expands it at the beginning of a word alone, and not in `--out=~/x` or in a recipe.
"""

import re
from pathlib import Path
from typing import Final, TypeVar

_Written = TypeVar("_Written", str, Path)
_BEHIND_EQUALS: Final = re.compile(r"([^\s~]*[^\s~=])=(~(?:[/\\].*)?)", re.DOTALL)


def at_home(path: _Written) -> _Written:
    """Return a path with the home in the place of its `~`, as it is where there is none; what
    exists as it is written wins.
    """
    text = str(path)
    if not text.startswith("~") or Path(text).exists():
        return path
    try:
        return type(path)(Path(text).expanduser())
    except RuntimeError:  # there is no such home
        return path


def word_at_home(word: str) -> str:
    """Return a word of a command line with the home in the place of a `~` at its beginning, or
    behind the `=` of a flag or a name, as in `--out=~/x` and `Set5=~/x`.
    """
    match = _BEHIND_EQUALS.fullmatch(word)
    return f"{match[1]}={at_home(match[2])}" if match else at_home(word)
