"""Is what `srkit list` found the last time still so?

It is where nothing has changed that was looked at: every file that was opened, every folder that
was listed, every module that was imported, and every folder in which Python would look for more. A
file counts as changed when its place on the disk, its time or its size did.
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from srkit_core.errors import SrkitError
from srkit_core.user_cache import cache_folder

_FORMAT: Final = 1
_SETTLED_NS: Final = 2 * 10**9
"""What changed so shortly before may change again unseen, where a clock of files is coarse."""
_LOOKS: Final = frozenset(("open", "os.listdir", "os.scandir"))
_PATHS: Final = (str, bytes, os.PathLike)
_OURS: Final = ("SRKIT_", "PYTHON")
"""How environment variables begin that discovery depends on."""

_States = dict[str, list[int] | None]


class Watched:
    """What this process looks at, until it is over: Python lets nobody take a hook back."""

    def __init__(self) -> None:
        self.looked_at = set[str]()
        self.over = False

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note a path that is opened or listed; called as a hook of `sys.addaudithook`."""
        if not self.over and event in _LOOKS and isinstance(arguments[0], _PATHS):
            self.looked_at.add(os.fsdecode(arguments[0]))


class ListCache:
    """Keeps what was found in a file; does nothing where it is not `used`."""

    def __init__(self, *, used: bool) -> None:
        self._file: Path | None = None
        with suppress(SrkitError):
            self._file = cache_folder() / "list.json" if used else None

    def read(self) -> dict[str, Any] | None:
        """Return what was found the last time, None where anything has changed since."""
        if self._file is None:
            return None
        try:
            document = json.loads(self._file.read_bytes())
            circumstances, states = document["circumstances"], document["states"]
            same = circumstances == _circumstances() and states == _states(states)
            return dict(document["found"]) if same else None
        except (OSError, ValueError, LookupError, TypeError):
            return None

    @contextmanager
    def watching(self) -> Iterator[Watched]:
        """Watch what is looked at."""
        watched = Watched()
        if self._file:
            sys.addaudithook(watched.hear)
        try:
            yield watched
        finally:
            watched.over = True

    def keep(self, found: dict[str, Any], watched: Watched) -> None:
        """Keep what was found for the next time, if nothing has just been changing."""
        if self._file is None:
            return
        states = _states(_paths(watched))
        now = time.time_ns()
        if any(state and max(state[1:3]) > now - _SETTLED_NS for state in states.values()):
            return
        from srkit_core.io.atomic import write_text

        with suppress(SrkitError, OSError, ValueError):
            document = {"circumstances": _circumstances(), "states": states, "found": found}
            write_text(self._file, json.dumps(document))


def _circumstances() -> dict[str, Any]:
    variables = {name: text for name, text in os.environ.items() if name.startswith(_OURS)}
    python = {"version": sys.version, "executable": sys.executable, "path": _absolute(sys.path)}
    return {"format": _FORMAT, "variables": variables, **python}


def _paths(watched: Watched) -> set[str]:
    """Return the files of all modules, and all else that the next list has to be like."""
    known = [getattr(one, "__file__", None) for one in list(sys.modules.values())]
    modules = [path for path in known if isinstance(path, str)]
    read = [path for path in watched.looked_at if ".pyc" not in path]
    return {*modules, *_absolute(sys.path), *_absolute(read)}


def _absolute(paths: Iterable[str]) -> list[str]:
    return [str(Path(one).absolute()) for one in paths]


def _states(paths: Iterable[str]) -> _States:
    """Return where each file lies, when it changed and its size; None where there is none."""
    return {path: _state(path) for path in paths}


def _state(path: str) -> list[int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - of hundreds of files, at every start
    except (OSError, ValueError):
        return None
    return [found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size]
