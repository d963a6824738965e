"""Which pictures lie below a folder, and what is left out of the search?

Hidden files and folders are passed over without a word. Folders that systems keep beside pictures
(thumbnails, waste, resource forks) are left out, and what srkit wrote itself; both are told.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from srkit_core.data.own_work import (
    OF_RUN,
    check_not_of_run,
    is_of_run,
    is_own,
    kind_of_folder,
    written_in,
)
from srkit_core.errors import DataError
from srkit_core.inside import shown
from srkit_core.io.images import picture_endings
from srkit_core.run_folder import is_written_by_run, looks_like_run
from srkit_core.same_name import nearest_names

_SYSTEM_FOLDERS: Final = frozenset(
    {"@eadir", "@recycle", "@recently-snapshot", "@snapshot", "#recycle", "#snapshot"}
    | {"__macosx", "$recycle.bin", "recycler", "system volume information"}
    | {"lost+found", "found.000"}
)
"""Of Synology and QNAP, of macOS archives and Windows, and of Linux, in lower case."""

SYSTEM: Final = "folder that a system keeps"
OWN_PICTURE: Final = "picture that srkit wrote"
_NOUN: Final = re.compile(r"\b(part|picture|output|folder)\b")
_NAMED_AT_MOST: Final = 3


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that a search left out, and what it is."""

    path: Path
    kind: str


@dataclass(frozen=True)
class FolderContents:
    """The pictures below a folder, sorted, how many other files there are, and what was left out.

    `are_own` says that there is nothing but pictures that srkit wrote.
    """

    folder: Path
    pictures: tuple[Path, ...]
    others: int
    left_out: tuple[LeftOut, ...] = ()
    are_own: bool = False

    def notes(self) -> tuple[str, ...]:
        """Say what was left out and why, in one line."""
        kinds = Counter(one.kind for one in self.left_out)
        counts = ", ".join(self._counted(kind, count) for kind, count in kinds.items())
        return (
            *((f"left out of {self.folder}, being no photographs: {counts}",) if counts else ()),
            *((f"the pictures of {self.folder} were written by srkit",) if self.are_own else ()),
        )

    def _counted(self, kind: str, count: int) -> str:
        names = [name_inside(one.path, self.folder) for one in self.left_out if one.kind == kind]
        such = "" if count <= _NAMED_AT_MOST else "such as "
        named = such + ", ".join(shown(name.as_posix()) for name in names[:_NAMED_AT_MOST])
        kinds = _NOUN.sub(r"\1s", kind, count=1) if count > 1 else kind
        return f"{count} {kinds} ({named})"


def search(folder: Path, out: Path | None = None) -> FolderContents:
    """Return what lies below a folder; `out` is a folder that is being written, and left out.

    Where nothing is there but pictures that srkit wrote, these are meant. Raises RecipeError for a
    part of a run, DataError for a folder that may not be looked into.
    """
    check_not_of_run(folder)
    walk = _Walk(folder, out)
    files, endings = list(walk.files()), picture_endings()
    pictures = sorted(file for file in files if file.suffix.lower() in endings)
    left_out = sorted(walk.left_out, key=lambda one: one.path)
    own = [one.path for one in left_out if one.kind == OWN_PICTURE]
    others, are_own = len(files) - len(pictures), bool(own and not pictures)
    if are_own:
        pictures, left_out = own, [one for one in left_out if one.kind != OWN_PICTURE]
    return FolderContents(folder, tuple(pictures), others, tuple(left_out), are_own)


def is_passed_over(inside: Path) -> bool:
    """Whether a search passes over what lies there below its folder: it is hidden, or in a folder
    that a system keeps.
    """
    parts = inside.parts
    hidden = any(part.startswith(".") for part in parts)
    return hidden or any(part.lower() in _SYSTEM_FOLDERS for part in parts[:-1])


def name_inside(path: Path, root: Path) -> Path:
    """Return a path as it lies below a folder.

    One that lies elsewhere is named from the top, so that no two are alike.
    """
    whole, top = (Path(os.path.normpath(one.absolute())) for one in (path, root))
    return whole.relative_to(top) if whole.is_relative_to(top) else whole.relative_to(whole.anchor)


def in_utf8(path: Path) -> bool:
    """Whether a name can be written down: it is UTF-8, as manifests and recipes are."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def subfolders(folder: Path) -> list[Path]:
    """Return the folders right below a folder that may hold photographs, sorted."""
    return sorted(
        child
        for child in folder.iterdir()
        if child.is_dir() and not child.name.startswith(".") and not _kind(child)
    )


def find_inside(folder: Path, name: str) -> Path:
    """Return the file of a name below a folder, also where the disk writes it in NFD or other
    case; of several or none, the path as it was asked for.
    """
    wanted = folder / name
    if os.path.lexists(wanted):
        return wanted
    here = folder
    for part in Path(name).parts:
        exact = here / part
        if os.path.lexists(exact):
            here = exact
            continue
        alike = nearest_names(part, _names(here), str)
        if len(alike) != 1:
            return wanted
        here = here / alike[0]
    return here


class _Walk:
    """One way through a folder, which keeps in mind what it leaves out."""

    def __init__(self, folder: Path, out: Path | None) -> None:
        self.left_out = list[LeftOut]()
        self._folder = folder
        self._out = None if out is None else out.resolve()
        self._seen = {folder.resolve()}
        self._is_run = looks_like_run(folder)

    def files(self) -> Iterator[Path]:
        """Yield every file that may count.

        Links to folders are followed, and no folder is entered twice.
        """
        for parent, folders, names in os.walk(self._folder, followlinks=True, onerror=_refuse):
            folders[:] = [name for name in sorted(folders) if self._enters(Path(parent, name))]
            written = written_in(Path(parent))
            for name in names:
                file = Path(parent, name)
                if name.startswith(".") or self._is_of_run(file):
                    continue
                if name in written and is_own(file, written):
                    self.left_out.append(LeftOut(file, OWN_PICTURE))
                else:
                    yield file

    def _enters(self, folder: Path) -> bool:
        if folder.name.startswith(".") or self._is_of_run(folder):
            return False
        kind = "output" if folder.resolve() == self._out else _kind(folder)
        if kind:
            self.left_out.append(LeftOut(folder, kind))
            return False
        return self._is_new(folder.resolve())

    def _is_of_run(self, path: Path) -> bool:
        """Whether the folder that is searched is a run, and this is what the run wrote into it."""
        of_run = self._is_run and is_written_by_run(path.relative_to(self._folder))
        if of_run:
            self.left_out.append(LeftOut(path, OF_RUN))
        return of_run

    def _is_new(self, folder: Path) -> bool:
        new = folder not in self._seen
        self._seen.add(folder)
        return new


def _kind(folder: Path) -> str:
    if folder.name.lower() in _SYSTEM_FOLDERS:
        return SYSTEM
    leads_into_run = folder.is_symlink() and is_of_run(folder)
    return OF_RUN if leads_into_run else kind_of_folder(folder)


def _names(folder: Path) -> list[str]:
    try:
        return [child.name for child in folder.iterdir()]
    except OSError:
        return []


def _refuse(error: OSError) -> None:
    """Tell of a folder that may not be looked into; what is no folder, or gone, has no files."""
    if isinstance(error, PermissionError):
        raise DataError(
            f"cannot look into {error.filename}: {error.strerror}",
            hint="make it readable, or move it elsewhere",
        ) from error
