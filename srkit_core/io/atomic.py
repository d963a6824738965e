"""How is a file written so that a crash leaves the old one or the new one, never half?"""

import errno
import os
from collections.abc import Callable
from pathlib import Path

from srkit_core.errors import DataError, DiskFullError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file beside `path`, flush it to the disk and rename it into place.

    The folder is made where it is missing. Raises DiskFullError when the disk is full, DataError when the place
    cannot be written; the file that was there before stays.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(beside)
        flush(beside)
        beside.replace(path)
    except OSError as error:
        raise _named(error, path) from error
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_atomically(path, lambda beside: _write_text(beside, text))


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk; Windows cannot wait for a folder."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _named(error: OSError, path: Path) -> DataError | DiskFullError:
    if error.errno == errno.ENOSPC:
        return DiskFullError(f"the disk is full, {path} was not written", hint="free some space, then run the same command again")
    return DataError(f"cannot write {path}: {error.strerror or error}", hint="--out another folder", path=path)
