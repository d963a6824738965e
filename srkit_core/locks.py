"""How does one process keep others out, on file systems that know no locks too?"""

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

NOT_SUPPORTED: Final = frozenset(
    getattr(errno, name)
    for name in ("EINVAL", "ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EPERM")
    if hasattr(errno, name)
)
"""What file systems answer to what they do not know."""
_ASKING: Final = 0.1
"""Seconds in which somebody who only asks, as `is_locked` does, has gone away."""


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold a lock, which the system gives free when this process ends, however it ends.

    Where the file system knows no locks the work goes on without, with a note. Raises
    `filelock.Timeout` where another process holds it, for longer than it takes to ask, and nobody
    is to `wait`, OSError where the file cannot be written.
    """
    from filelock import FileLock

    lock = FileLock(path, timeout=-1 if wait else _ASKING)
    try:
        lock.acquire()
    except NotImplementedError as error:
        go_on_without("locks", str(path.parent), str(error))
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise
        go_on_without("locks", str(path.parent), error.strerror or str(error))
    try:
        yield
    finally:
        lock.release()


def is_locked(path: Path) -> bool | None:
    """Whether a process holds the lock of a file; None where that cannot be asked.

    Asking holds a shared lock for a moment.
    """
    if sys.platform == "win32":
        return _is_refused(path)
    import fcntl

    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # closing the file gives it free
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def _is_refused(path: Path) -> bool | None:
    """Whether the system refuses to read the byte that a lock of filelock covers."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    except OSError:
        return None
    return False


@cache
def go_on_without(what: str, folder: str, why: str) -> None:
    """Note once what the file system of a folder does not know."""
    _log.warning("the file system of %s knows no %s (%s): going on without", folder, what, why)
