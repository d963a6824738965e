"""Which names of files mean the same, though systems write them otherwise?

macOS decomposes letters (NFD) that others keep whole (NFC), and macOS and Windows take upper and
lower case for the same.
"""

import os
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

_Named = TypeVar("_Named")


def composed(name: str) -> str:
    """Return a name as most systems write it, in NFC."""
    return unicodedata.normalize("NFC", name)


def name_key(name: str) -> str:
    """Return what names have in common that some system cannot tell apart."""
    return composed(composed(name).casefold())


def disk_key(folder: Path) -> Callable[[str], str]:
    """Return what tells names apart on the disk of a folder that may not be there yet: `name_key`
    where that takes upper and lower case for the same, else the name itself.
    """
    whole = folder.absolute()
    there = next(one for one in (whole, *whole.parents) if _is_there(one))
    other = Path(str(there).swapcase())
    folds = other != there and _is_there(other) and other.samefile(there)
    return name_key if folds else str


def _is_there(path: Path) -> bool:
    """Whether a path exists; one whose name is too long does not, of which Path.exists raises."""
    return os.path.exists(path)  # noqa: PTH110


def nearest_names(
    wanted: str, found: Iterable[_Named], name: Callable[[_Named], str]
) -> list[_Named]:
    """Return those of the same name as it is written, else in NFC, else in any case."""
    alike = [one for one in found if name_key(name(one)) == name_key(wanted)]
    as_written = [one for one in alike if name(one) == wanted]
    whole = [one for one in alike if composed(name(one)) == composed(wanted)]
    return as_written or whole or alike
