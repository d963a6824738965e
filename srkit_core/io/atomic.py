"""How is a file written so that a crash leaves the old one or the new one, never half?"""

import ctypes
import errno
import hashlib
import os
import re
import sys
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from srkit_core.errors import DataError, DiskFullError
from srkit_core.locks import NOT_SUPPORTED, go_on_without

_FULL = (errno.ENOSPC, errno.EDQUOT)
_LONG_NAME: Final = 128
"""Bytes of a name beyond which ours may be longer than a file system takes: encrypted ones take 143
(empirical).
"""

UNFINISHED: Final = ".*.[0-9]*.part*"
"""Which files are not yet written to their end, as a pattern of names."""


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write a file beside `path`, flush it to the disk and rename it into place.

    The folder is made where it is missing. Raises DiskFullError when the disk is full or the file
    larger than the system allows, DataError when the place cannot be written; the file that was
    there before stays.
    """
    write_parts(path, (content,))


def write_parts(path: Path, parts: Iterable[bytes | memoryview], *, flushed: bool = True) -> None:
    """Write a file as `write_bytes` does, from parts that follow each other, without a copy that
    joins them.

    One that is not `flushed` may be lost with the power, or be empty: `flush_all` waits for many of
    them at once.
    """
    beside = unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.writelines(parts)
        if flushed:
            flush(beside)
        beside.replace(path)
        if flushed:
            flush(path.parent)
    except OSError as error:
        raise write_error(error, path) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def unfinished(path: Path) -> Path:
    """Return where a file is written to its end before it gets its name, beside it.

    A long name, to which nothing could be added, is told by its digest.
    """
    stem = path.stem
    if len(os.fsencode(path.name)) > _LONG_NAME:
        stem, suffix = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16], ""
    else:
        suffix = path.suffix
    return path.with_name(f".{stem}.{os.getpid()}.part{suffix}")


def write_text(path: Path, text: str, *, flushed: bool = True) -> None:
    """Write a text file atomically, in UTF-8, its line ends and names that are not UTF-8 as they
    are; `flushed` is as in `write_parts`.
    """
    write_parts(path, (text.encode(errors="surrogateescape"),), flushed=flushed)


def flush_all(paths: Collection[Path]) -> None:
    """Wait until files and the folders they are in are on the disk.

    Where the system can it waits once for all that a disk still has to write: for each file apart
    it would be hundreds of times as long (measured). Raises as `write_bytes`.
    """
    folders = {path.parent for path in paths}
    for folder in {folder.stat().st_dev: folder for folder in folders}.values():
        if not _flush_system(folder):
            break
    else:
        return
    for path in (*paths, *folders):
        try:
            flush(path)
        except OSError as error:
            raise write_error(error, path) from error


def _flush_system(folder: Path) -> bool:
    """Wait for a whole file system; say whether it is one that can do so, and tells of failures
    (syncfs(2): those are told since Linux 5.8).
    """
    if sys.platform != "linux" or not _tells_of_failures():
        return False
    sync: Any = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if sync is None:
        return False
    handle = os.open(folder, os.O_RDONLY)
    try:
        failed, number = sync(handle), ctypes.get_errno()
    finally:
        os.close(handle)
    if failed and number not in NOT_SUPPORTED:
        raise write_error(OSError(number, os.strerror(number)), folder)
    return not failed


def _tells_of_failures() -> bool:
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return version is not None and (int(version[1]), int(version[2])) >= (5, 8)


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk; Windows cannot wait for a folder, and a file
    system that cannot is noted.
    """
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise
        go_on_without("waiting for the disk", str(path.parent), error.strerror or str(error))
    finally:
        os.close(handle)


def write_error(error: OSError, path: Path) -> DataError | DiskFullError:
    """Name what kept a file or folder from being written."""
    if error.errno == errno.EFBIG:
        return DiskFullError(
            f"{path} was not written: it would be larger than a file may be here",
            hint="ulimit -f shows what this process may write; a run goes on with --resume",
        )
    if error.errno in _FULL:
        return DiskFullError(
            f"the disk is full, {path} was not written",
            hint="free some space, then the same command; a run goes on with --resume",
        )
    return DataError(
        f"cannot write {path}: {error.strerror or error}", hint="write to another place", path=path
    )
