"""What does a piece of work change in this process beside what it returns?

Without torch or numpy, which are looked at by `torch_surroundings`, so that it serves the process
in which an announcement is tried.
"""

import gc
import io
import locale
import logging
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, Final

from srkit_core.testing.audit import audited


@dataclass(frozen=True)
class Part:
    """Something that belongs to the whole process: how it is read, and set as it was.

    `acts` says what was done when two readings differ.
    """

    acts: str
    read: Callable[[], Any]
    restore: Callable[[Any], object]


def _restore_environment(was: dict[str, str]) -> None:
    if dict(os.environ) != was:
        os.environ.clear()
        os.environ.update(was)


def _restore_path(was: list[str]) -> None:
    sys.path[:] = was


def _restore_filters(was: list[Any]) -> None:
    if list(warnings.filters) != was:
        warnings.filters[:] = was  # type: ignore[index]  # it is a list, declared a sequence


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in _SIGNALS}


def _restore_handlers(was: dict[int, Any]) -> None:
    for number, handler in was.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def _restore_logger(was: tuple[int, list[logging.Handler]]) -> None:
    if (logging.root.level, logging.root.handlers) != was:
        logging.root.setLevel(was[0])
        logging.root.handlers[:] = was[1]


def _restore_folder(was: str) -> None:
    if os.getcwd() != was:  # noqa: PTH109 - the audit would hear of pathlib's import
        os.chdir(was)


def _collect(on: bool) -> None:
    (gc.enable if on else gc.disable)()


def _hook(was: Any) -> None:
    sys.excepthook = was


_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGABRT, signal.SIGSEGV)
OF_PYTHON: Final = (
    Part("changes environment variables", lambda: dict(os.environ), _restore_environment),
    Part("changes the current folder", os.getcwd, _restore_folder),
    Part("changes sys.path", lambda: list(sys.path), _restore_path),
    Part("changes the filters of warnings", lambda: list(warnings.filters), _restore_filters),
    Part("changes the handlers of signals", _handlers, _restore_handlers),
    Part(
        "changes the locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda was: locale.setlocale(locale.LC_ALL, was),
    ),
    Part("changes the limit of recursion", sys.getrecursionlimit, sys.setrecursionlimit),
    Part(
        "sets up logging for the whole process",
        lambda: (logging.root.level, list(logging.root.handlers)),
        _restore_logger,
    ),
    Part("turns garbage collection on or off", gc.isenabled, _collect),
    Part("draws from, or seeds, Python's random state", random.getstate, random.setstate),
    Part("replaces sys.excepthook", lambda: sys.excepthook, _hook),
    Part("leaves a thread running", lambda: set(threading.enumerate()), lambda was: None),
)


@contextmanager
def kept(parts: Sequence[Part] = OF_PYTHON) -> Iterator[None]:
    """Set everything as it was after the work within, and let it print nowhere."""
    before = [part.read() for part in parts]
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        for part, was in zip(parts, before, strict=True):
            part.restore(was)


@contextmanager
def watched(parts: Sequence[Part], owners: Sequence[object] = ()) -> Iterator[list[str]]:
    """Yield a list that holds, afterwards, what the work within did beside what it returned.

    `owners` are modules and classes whose names may not be bound to something else. Everything is
    set as it was, as far as that can be done.
    """
    facts: list[str] = []
    before = [part.read() for part in parts]
    names = [(owner, dict(vars(owner))) for owner in owners]
    printed = io.StringIO()
    try:
        with audited() as acts, redirect_stdout(printed), redirect_stderr(printed):
            yield facts
    finally:
        facts += acts
        if printed.getvalue():
            facts.append(f"prints {printed.getvalue()[:40]!r}")
        for part, was in zip(parts, before, strict=True):
            if part.read() != was:
                facts.append(part.acts)
                part.restore(was)
        facts += [_unpatched(*one) for owner, was in names for one in _patched(owner, was)]


def modules_and_classes(*roots: str) -> list[object]:
    """Return what is imported of packages: their modules, and the classes these define."""
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in roots and isinstance(module, ModuleType)
    ]
    classes = [
        one
        for module in modules
        for one in list(vars(module).values())
        if isinstance(one, type) and one.__module__ == module.__name__
    ]
    return [*modules, *classes]


def _patched(owner: object, was: dict[str, Any]) -> Iterator[tuple[object, str, Any]]:
    now = vars(owner)
    for name, value in was.items():
        if isinstance(value, FunctionType | type) and now.get(name) is not value:
            yield owner, name, value


def _unpatched(owner: object, name: str, value: Any) -> str:
    setattr(owner, name, value)
    return f"replaces {getattr(owner, '__name__', owner)}.{name}"
