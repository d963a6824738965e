"""Can a file be written where a person wants it? Known before the work that makes it."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from srkit_core.errors import RecipeError
from srkit_core.io.atomic import unfinished, write_error


def check_outputs(paths: Iterable[Path | None], *, overwrite: bool = False) -> None:
    """Raise RecipeError for a file that is there and may not be replaced, and for one that is named
    twice; DataError where one cannot be written. None is no file.

    Nothing is left behind, and no folder is made.
    """
    named = dict[Path, Path]()
    for path in paths:
        if path is None:
            continue
        whole = path.absolute()
        if whole in named:
            raise RecipeError(f"{path} is to be written twice", hint="name two files")
        named[whole] = path
        check_free(path, overwrite=overwrite)
        check_place(path)


def check_free(path: Path, *, overwrite: bool = False) -> None:
    """Raise RecipeError for a file that is there and may not be replaced, and for a folder."""
    if leads_to(path, Path.is_dir):
        raise RecipeError(f"{path} is a folder", hint=f"name a file, such as {path / 'new'}")
    if os.path.lexists(path) and not overwrite:
        raise RecipeError(f"{path} exists already", hint="name another file, or --overwrite")


def check_place(path: Path) -> None:
    """Raise DataError where a file of this name cannot be made, by making another one beside it."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        pass
    except OSError as error:  # such as a name that is too long
        raise write_error(error, path) from error
    try:
        _make_and_remove(path)
    except OSError as error:
        raise write_error(error, path) from error


@contextmanager
def no_empty_folders(folders: Iterable[Path]) -> Iterator[None]:
    """Leave none of the folders behind that were not there before and hold nothing in the end."""
    every = {one for folder in folders for one in (folder, *folder.parents)}
    new = [one for one in every if not leads_to(one, os.path.lexists)]
    try:
        yield
    finally:
        for one in sorted(new, key=lambda one: len(one.parts), reverse=True):
            with suppress(OSError):
                one.rmdir()


def leads_to(path: Path, question: Callable[[Path], bool]) -> bool:
    """Ask about a path; what cannot even be asked about, such as too long a name, is not there."""
    try:
        return question(path)
    except OSError:
        return False


def _make_and_remove(path: Path) -> None:
    folder = path.absolute().parent
    if leads_to(folder, Path.exists):
        beside = unfinished(folder / path.name)
        beside.touch()
        beside.unlink()
        return
    missing = folder
    while not leads_to(missing.parent, Path.exists):
        missing = missing.parent
    missing.mkdir()
    missing.rmdir()
