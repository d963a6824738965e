"""Which pictures does an LMDB hold, as BasicSR makes them, and what are their bytes?

A folder with `data.mdb` and `meta_info.txt` (BasicSR's `docs/DatasetPreparation.md`): a line of it
is `0001_s001.png (480,480,3) 1`, the key is the name without its ending, the value is a PNG file.
A picture in it is named by a path below the folder, where no file is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from srkit_core.errors import DataError
from srkit_core.inside import inside
from srkit_core.lists import read_list

DATABASE: Final = "data.mdb"
_NAMES: Final = "meta_info.txt"
_EXTRA: Final = "pip install 'srkit[lmdb]'"


def is_lmdb(place: Path) -> bool:
    """Whether a folder is an LMDB."""
    return (place / DATABASE).is_file()


def refuse_lmdb(place: Path) -> None:
    """Raise DataError for an LMDB, which only `srkit prepare` reads."""
    if is_lmdb(place):
        raise DataError(
            f"{place} is an LMDB, which is read by srkit prepare alone",
            hint=f"srkit prepare {place} PREPARED, then PREPARED in its place",
            path=place,
        )


def lmdb_pictures(place: Path) -> list[Path]:
    """Return the pictures of an LMDB, as paths below its folder.

    Raises DataError when its list is missing, the library for it is, or it cannot be opened.
    """
    _database(place)
    names = read_list(place / _NAMES)
    return [inside(place, name, str(place / _NAMES), hint="make the LMDB again") for name in names]


def lmdb_around(path: Path) -> Path | None:
    """Return the LMDB that a path names a picture of, None for a file."""
    if path.exists():
        return None
    return next((parent for parent in path.parents if is_lmdb(parent)), None)


@contextmanager
def as_file(path: Path) -> Iterator[Path]:
    """Have a picture as a file: it is one, or is taken out of its LMDB for a while.

    Raises DataError when the LMDB cannot be read, or has no such picture.
    """
    place = lmdb_around(path)
    if place is None:
        yield path
        return
    with TemporaryDirectory(prefix="srkit-") as folder:
        file = Path(folder) / path.name
        file.write_bytes(_bytes(place, path))
        yield file


def _bytes(place: Path, path: Path) -> bytes:
    key = path.relative_to(place).with_suffix("").as_posix()
    with _database(place).begin() as transaction:
        content = transaction.get(key.encode())
    if content is None:
        raise DataError(f"{place} has no picture '{key}'", hint="make the LMDB again", path=path)
    return bytes(content)


@lru_cache(maxsize=4)
def _database(place: Path) -> Any:
    """Open an LMDB to read, once a process."""
    try:
        lmdb = import_module("lmdb")
    except ModuleNotFoundError as error:
        fact = f"{place} is an LMDB, which needs a library that is not installed"
        raise DataError(fact, hint=_EXTRA, path=place) from error
    try:
        return lmdb.open(str(place), readonly=True, lock=False, readahead=False, meminit=False)
    except lmdb.Error as error:
        raise DataError(
            f"cannot read {place}: {error}", hint="copy it again, or make it again", path=place
        ) from None
