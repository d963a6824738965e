"""Which files, processes and addresses does a piece of work touch, by Python's audit events?"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

_ACTS: Final = {
    "os.chmod": "changes {0}",
    "os.exec": "starts the process {0}",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.link": "links {1}",
    "os.mkdir": "makes the folder {0}",
    "os.posix_spawn": "starts the process {0}",
    "os.remove": "removes {0}",
    "os.rename": "renames {0}",
    "os.rmdir": "removes the folder {0}",
    "os.symlink": "links {1}",
    "os.system": "starts the process {0}",
    "os.truncate": "shortens {0}",
    "pickle.find_class": "reads a pickle, which can run anything",
    "socket.__new__": "opens a socket",
    "socket.getaddrinfo": "looks up the address of {0}",
    "subprocess.Popen": "starts the process {0}",
    "sys.setprofile": "sets a profiler",
    "sys.settrace": "sets a tracer",
    "urllib.Request": "asks {0}",
}
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OWN_OF_PYTHON: Final = ("__pycache__", ".pyc", os.devnull)
"""What importing a module writes, and what keeps nothing."""

_listening: list[list[str]] = []


@contextmanager
def audited() -> Iterator[list[str]]:
    """Yield a list that fills with what is done within: one fact each, in order and once."""
    _listen_from_now_on()
    facts: list[str] = []
    _listening.append(facts)
    sleep, start = time.sleep, threading.Thread.start

    def told_sleep(seconds: float, /) -> None:
        facts.append(f"sleeps for {seconds} s")

    def told_start(thread: threading.Thread) -> None:
        facts.append("starts a thread")
        start(thread)

    try:
        # Python tells of these by audit events from 3.13 on only.
        setattr(time, "sleep", told_sleep)  # noqa: B010 - what it is, a type checker knows
        setattr(threading.Thread, "start", told_start)  # noqa: B010
        yield facts
    finally:
        setattr(time, "sleep", sleep)  # noqa: B010
        setattr(threading.Thread, "start", start)  # noqa: B010
        _listening.remove(facts)


@cache
def _listen_from_now_on() -> None:
    """Python keeps an audit hook until it ends, so there is one, silent while nobody listens."""
    sys.addaudithook(_told)


def _told(event: str, arguments: tuple[Any, ...]) -> None:
    if not _listening:
        return
    fact = _fact(event, arguments)
    if fact:
        for facts in _listening:
            if fact not in facts:
                facts.append(fact)


def _fact(event: str, arguments: tuple[Any, ...]) -> str:
    if event == "open":
        path, _, flags = arguments
        writes = isinstance(flags, int) and bool(flags & _WRITING)
        told_before = isinstance(path, int)  # a file that is open already
        return f"writes {path}" if writes and not told_before and not _is_python_s(path) else ""
    told = _ACTS.get(event, "")
    return "" if any(map(_is_python_s, arguments)) else told.format(*arguments)


def _is_python_s(path: object) -> bool:
    return isinstance(path, str | os.PathLike) and any(
        part in os.fspath(path) for part in _OWN_OF_PYTHON
    )
