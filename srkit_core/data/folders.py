"""Which files lie below a folder?"""

import os
from collections.abc import Iterator
from pathlib import Path

from srkit_core.errors import DataError
from srkit_core.io.images import ENDINGS


def walk(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder but for hidden ones.

    Links to folders are followed, and no folder is entered twice.
    """
    seen = {folder.resolve()}
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        folders[:] = [
            name
            for name in sorted(folders)
            if not name.startswith(".") and _is_new(Path(parent, name).resolve(), seen)
        ]
        yield from (Path(parent, name) for name in names if not name.startswith("."))


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
    """Return the folders right below a folder but for hidden ones, sorted."""
    return sorted(
        child for child in folder.iterdir() if child.is_dir() and not child.name.startswith(".")
    )


def pictures_below(folder: Path) -> tuple[list[Path], int]:
    """Return the files below a folder that end like pictures, sorted, and how many others there
    are.
    """
    files = list(walk(folder))
    pictures = sorted(file for file in files if file.suffix.lower() in ENDINGS)
    return pictures, len(files) - len(pictures)


def _refuse(error: OSError) -> None:
    """Tell of a folder that may not be looked into; what is no folder, or gone, has no files."""
    if isinstance(error, PermissionError):
        raise DataError(
            f"cannot look into {error.filename}: {error.strerror}",
            hint="make it readable, or move it elsewhere",
        ) from error


def _is_new(folder: Path, seen: set[Path]) -> bool:
    new = folder not in seen
    seen.add(folder)
    return new
