"""How does one process keep others out, on file systems that know no locks too?"""

import errno
import logging
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


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold a lock, which the system gives free when this process ends, however it ends.

    Where the file system knows no locks the work goes on without, with a note. Raises
    `filelock.Timeout` where another process holds it and nobody is to `wait`, OSError where the
    file cannot be written.
    """
    from filelock import FileLock

    lock = FileLock(path, timeout=-1 if wait else 0)
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


@cache
def go_on_without(what: str, folder: str, why: str) -> None:
    """Note once what the file system of a folder does not know."""
    _log.warning("the file system of %s knows no %s (%s): going on without", folder, what, why)
