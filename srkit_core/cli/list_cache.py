"""Is what `srkit list` found the last time still so?

It is where nothing has changed that was looked at: every file that was opened, every folder that
was listed, every module that was imported, and every folder in which Python would look for more. A
file counts as changed when its place on the disk, its time or its size did.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

_FORMAT: Final = 1
_SETTLED_NS: Final = 2 * 10**9
"""What changed so shortly before may change again unseen, where a clock of files is coarse."""
_LOOKS: Final = frozenset(("open", "os.listdir", "os.scandir"))
_OURS: Final = ("SRKIT_", "PYTHON")
"""How environment variables begin that discovery depends on."""

_State = list[int] | None


@dataclass
class Watched:
    """What was looked at while something was found."""

    file: Path | None
    looked_at: set[str] = field(default_factory=set)

    def keep(self, found: dict[str, Any]) -> None:
        """Keep what was found for the next time, if nothing has just been changing."""
        if self.file is None:
            return
        states = {path: _state(path) for path in self._paths()}
        now = time.time_ns()
        if any(state and max(state[1:3]) > now - _SETTLED_NS for state in states.values()):
            return
        from srkit_core.errors import SrkitError
        from srkit_core.io.atomic import write_text

        with suppress(SrkitError, OSError, ValueError):
            document = {"circumstances": _circumstances(), "states": states, "found": found}
            write_text(self.file, json.dumps(document))

    def _paths(self) -> set[str]:
        known = [getattr(one, "__file__", None) for one in list(sys.modules.values())]
        modules = {path for path in known if isinstance(path, str)}
        folders = {str(Path(one).absolute()) for one in sys.path}
        opened = {str(Path(one).absolute()) for one in self.looked_at if ".pyc" not in one}
        own = str(self.file)
        return {path for path in modules | folders | opened if not path.startswith(own)}


class ListCache:
    """Keeps what was found in a file; does nothing where it is not `used`."""

    def __init__(self, *, used: bool) -> None:
        self._file = _file() if used else None

    def read(self) -> dict[str, Any] | None:
        """Return what was found the last time, None where anything has changed since."""
        if self._file is None:
            return None
        try:
            document = json.loads(self._file.read_bytes())
            same = document["circumstances"] == _circumstances()
            changed = not same or any(
                _state(path) != state for path, state in document["states"].items()
            )
            return None if changed else dict(document["found"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None

    @contextmanager
    def watching(self) -> Iterator[Watched]:
        """Watch what is looked at."""
        watched = Watched(self._file)
        if self._file is None:
            yield watched
            return
        _listeners().append(watched.looked_at)
        try:
            yield watched
        finally:
            _listeners().clear()


def _file() -> Path | None:
    from srkit_core.errors import SrkitError
    from srkit_core.user_cache import cache_folder

    try:
        return cache_folder() / "list.json"
    except SrkitError:
        return None


def _circumstances() -> dict[str, Any]:
    variables = {name: text for name, text in os.environ.items() if name.startswith(_OURS)}
    path = [str(Path(one).absolute()) for one in sys.path]
    return {
        **{"format": _FORMAT, "python": [sys.version, sys.executable], "path": path},
        "variables": variables,
    }


def _state(path: str) -> _State:
    """Return where a file lies, when it changed and its size; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - of hundreds of files, at every start
    except (OSError, ValueError):
        return None
    return [found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size]


@cache
def _listeners() -> list[set[str]]:
    """Return who is told of what this process looks at; Python lets nobody take a hook back."""
    listeners = list[set[str]]()

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if listeners and event in _LOOKS:
            path = arguments[0]
            if isinstance(path, (str, bytes, os.PathLike)):
                for looked_at in listeners:
                    looked_at.add(os.fsdecode(path))

    sys.addaudithook(hear)
    return listeners
