"""Whose is the output folder, and what in it is a leftover?"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from filelock import Timeout
from pydantic import TypeAdapter

from srkit_core.data.preparation.manifest import forget_manifest
from srkit_core.data.preparation.prepare_options import PrepareOptions, pixel_folders
from srkit_core.data.preparation.work_files import read_work_file
from srkit_core.data.prepared_layout import MANIFEST, OPTIONS, RECORDS, SKIPPED, WORK_FOLDER
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.atomic import UNFINISHED, write_error
from srkit_core.io.documents import write_json
from srkit_core.locks import locked

_LOCK = ".lock"
_WORDS = TypeAdapter(dict[str, str])


@contextmanager
def locked_folder(out: Path) -> Iterator[None]:
    """Keep other preparations from a folder.

    The system gives it free when this process ends, however it ends.

    Raises RecipeError when another one is at work, or the folder holds something else.
    """
    if out.exists() and (
        not out.is_dir()
        or ({file.name for file in out.iterdir()} - {_LOCK} and not (out / WORK_FOLDER).is_dir())
    ):
        raise RecipeError(
            f"{out} exists already and holds something else", hint="name a new folder"
        )
    held = ExitStack()
    try:
        out.mkdir(parents=True, exist_ok=True)
        held.enter_context(locked(out / _LOCK, wait=False))
    except Timeout:
        raise RecipeError(
            f"another process is preparing {out}", hint="wait for it, or name another folder"
        ) from None
    except OSError as error:
        raise write_error(error, out) from error
    with held:
        yield


def claim_folder(out: Path, options: PrepareOptions, *, redo: bool) -> None:
    """Make the folder that of these options.

    Raises RecipeError when it is that of others, unless all is to be redone.

    What was prepared goes then, and nothing else; a folder in the place of a new one is refused.
    """
    file = out / WORK_FOLDER / OPTIONS
    before = None if is_new_folder(out) else _recorded(file)
    words = options.in_words()
    if redo:
        earlier = pixel_folders(before or words)
        _refuse_others(out, set(pixel_folders(words)) - set(earlier))
        clear_folder(out, earlier)
    elif before is not None and before != words:
        raise RecipeError(
            f"{out} was prepared with {_difference(before, words)}",
            hint="add --redo to do all of it again, or name another folder",
        )
    if redo or before is None:
        write_json(file, words)


def is_new_folder(out: Path) -> bool:
    """Whether nothing was prepared in a folder yet."""
    work = out / WORK_FOLDER
    signs = (work / OPTIONS, out / MANIFEST, work / RECORDS)
    return not any(os.path.lexists(sign) for sign in signs)


def _recorded(file: Path) -> dict[str, str]:
    says = f"how {file.parent.parent} was prepared"
    words = read_work_file(file, _WORDS, says=says, hint="name a new folder")
    try:
        pixel_folders(words)
    except KeyError as error:
        raise DataError(
            f"{file} is damaged (it says no {error}), which says {says}",
            hint="name a new folder",
            path=file,
        ) from error
    return words


def clear_folder(out: Path, folders: Iterable[str]) -> None:
    """Delete the manifest, what it named in these folders, and the records.

    The options say whose the folder is until others do.
    """
    forget_manifest(out)
    for folder in [*_real(out, folders), *_real(out / WORK_FOLDER, [RECORDS])]:
        shutil.rmtree(folder)


def sweep_folder(out: Path, folders: Iterable[str], kept: set[str]) -> None:
    """Delete from these folders what nothing kept refers to, also links, and what a killed process
    left half written.
    """
    for folder in _real(out, folders):
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                _remove_empty(path)
            elif path.relative_to(out).as_posix() not in kept:
                path.unlink()
        _remove_empty(folder)
    ours = tuple(f".{Path(name).stem}." for name in (MANIFEST, SKIPPED))
    for path in [
        *(path for path in out.glob(UNFINISHED) if path.name.startswith(ours)),
        *(out / WORK_FOLDER).rglob(UNFINISHED),
    ]:
        path.unlink()


def _real(parent: Path, names: Iterable[str]) -> list[Path]:
    """Return the folders of these names right below another.

    A link leads to what is somebody else's.
    """
    known = set(names)
    return sorted(
        child
        for child in parent.glob("*")
        if child.name in known and child.is_dir() and not child.is_symlink()
    )


def _refuse_others(out: Path, folders: Iterable[str]) -> None:
    for folder in sorted(out / name for name in folders):
        if os.path.lexists(folder):
            raise RecipeError(
                f"{folder} was not written by srkit prepare",
                hint="move it elsewhere, or name a new folder",
            )


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    name = next(name for name in (*before, *now) if before.get(name) != now.get(name))
    old, new = (words.get(name) for words in (before, now))
    return (
        f"{name} {old}, not {new}"
        if old and new
        else f"{name} {old}"
        if old
        else f"no {name}, which is {new} now"
    )
