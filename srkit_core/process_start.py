"""What keeps processes that share work from being started, and what helps?

They need a folder of temporary files whose name is short (their sockets have at most 107 bytes),
room in /dev/shm for semaphores, and open files.
"""

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from srkit_core.errors import ResourceError

if sys.platform != "win32":
    import resource  # here, because a process without files to open could not import it

_LONGEST: Final = 103 if sys.platform == "darwin" else 107
"""Bytes that the path of a socket may have (unix(7); less on macOS)."""
_BELOW: Final = len("/pymp-12345678/listener-12345678")
"""What multiprocessing adds to the folder of temporary files."""
_SHORT: Final = "/tmp"
_SHARED: Final = "/dev/shm"
FILE_LIMITS: Final = (errno.EMFILE, errno.ENFILE)
"""Errors of a process, or of the system, that has too many files open."""


@contextmanager
def starting_processes(alone: str) -> Iterator[None]:
    """Find a folder for their sockets, and say what they lacked when they could not be started.

    `alone` says how to do the work without them. Raises ResourceError.
    """
    try:
        _find_folder_of_sockets()
        yield
    except OSError as error:
        raise start_error(error, alone) from error


def start_error(error: OSError, alone: str) -> ResourceError:
    """Name what processes lacked when they were started or spoken to."""
    if error.errno in FILE_LIMITS:
        return too_many_files(alone)
    if "AF_UNIX" in str(error):
        folder = tempfile.gettempdir()
        return ResourceError(
            f"TMPDIR={folder} is too long for the sockets of processes: {len(folder)} bytes",
            hint=f"TMPDIR=/var/tmp, or {alone}",
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.ENOENT, errno.EACCES, errno.ENOSYS):
        why = error.strerror or str(error)
        return ResourceError(
            f"processes cannot be started: {why} in {_SHARED} or {tempfile.gettempdir()}",
            hint=f"make room in both (docker run --shm-size=1g), or {alone}",
        )
    return ResourceError(
        f"processes cannot be started: {error.strerror or error}",
        hint=f"ulimit -u and free memory limit them; or {alone}",
    )


def too_many_files(alone: str) -> ResourceError:
    """Say how many files this process may have open."""
    return ResourceError(
        f"too many files are open at once: this system allows {_most_files()}",
        hint=f"ulimit -n 4096 before the same command, or {alone}",
    )


def _most_files() -> str:
    if sys.platform == "win32":
        return "no more"
    return f"{resource.getrlimit(resource.RLIMIT_NOFILE)[0]} (ulimit -n)"


def _find_folder_of_sockets() -> None:
    """Let multiprocessing use a folder with a short name where the usual one's is too long."""
    if sys.platform == "win32" or _fits(tempfile.gettempdir()) or not os.access(_SHORT, os.W_OK):
        return
    from multiprocessing import util

    usual, tempfile.tempdir = tempfile.tempdir, _SHORT
    try:
        util.get_temp_dir()  # made once, and kept in mind
    finally:
        tempfile.tempdir = usual


def _fits(folder: str) -> bool:
    return len(os.fsencode(folder)) + _BELOW <= _LONGEST
