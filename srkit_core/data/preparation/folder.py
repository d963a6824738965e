"""Whose is the output folder, and what in it is a leftover?"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from srkit_core.data.preparation.manifest import forget_manifest
from srkit_core.data.preparation.options import Options
from srkit_core.data.prepared import ROOM
from srkit_core.errors import RecipeError
from srkit_core.io.atomic import UNFINISHED, write_error
from srkit_core.io.documents import write_json

_LOCK = ".lock"


@contextmanager
def only_one(out: Path) -> Iterator[None]:
    """Keep other preparations from a folder; the system gives it free when this process ends, however it ends.

    Raises RecipeError when another one is at work, or the folder holds something else.
    """
    if out.exists() and (not out.is_dir() or ({file.name for file in out.iterdir()} - {_LOCK} and not (out / ROOM).is_dir())):
        raise RecipeError(f"{out} exists already and holds something else", hint="name a new folder")
    lock = FileLock(out / _LOCK, timeout=0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise RecipeError(f"another process is preparing {out}", hint="wait for it, or name another folder") from None
    except OSError as error:
        raise write_error(error, out) from error
    try:
        yield
    finally:
        lock.release()


def claim(out: Path, options: Options, *, redo: bool) -> None:
    """Make the folder that of these options; raises RecipeError when it is that of others, unless all is to be redone."""
    file = out / ROOM / "options.json"
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    words = options.in_words()
    if redo:
        clear(out)
    elif before is not None and before != words:
        raise RecipeError(
            f"{out} was prepared with {_difference(before, words)}", hint="add --redo to do all of it again, or name another folder"
        )
    if redo or before is None:
        write_json(file, words)


def clear(out: Path) -> None:
    """Delete everything but the lock, the manifest first and what makes it a prepared folder last."""
    forget_manifest(out)
    for child in sorted(out.iterdir(), key=lambda child: child.name == ROOM):
        if child.is_dir():
            shutil.rmtree(child)
        elif child.name != _LOCK:
            child.unlink()


def sweep(out: Path, kept: set[str]) -> None:
    """Delete files that nothing kept refers to, what a killed process left half written, and folders that are empty then."""
    for folder in sorted(child for child in out.iterdir() if child.is_dir() and child.name != ROOM):
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir():
                _remove_empty(path)
            elif path.relative_to(out).as_posix() not in kept:
                path.unlink()
        _remove_empty(folder)
    for path in [*out.glob(UNFINISHED), *(out / ROOM).rglob(UNFINISHED)]:
        path.unlink()


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    name = next(name for name in (*before, *now) if before.get(name) != now.get(name))
    return f"{name} {before.get(name) or 'not given'}, not {now.get(name) or 'not given'}"
