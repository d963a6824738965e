"""What in a folder was written by srkit, and is no photograph to learn from?

Run folders and prepared folders are known by their files. A picture that srkit writes elsewhere is
named in a hidden file beside it, with its size, so that one of somebody else under the same name is
not taken for it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from srkit_core.data.prepared_layout import MANIFEST, WORK_FOLDER
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.atomic import write_error
from srkit_core.run_folder import is_written_by_run, looks_like_run

WRITTEN: Final = ".srkit-written"
"""The hidden file: a line for each picture that srkit wrote into this folder."""


@dataclass(frozen=True)
class Origin:
    """What a picture was made of: sha256 of the source's file, a digest of the model, and options
    in words.
    """

    source: str
    model: str
    options: str


@dataclass(frozen=True)
class WrittenPicture:
    """A picture that srkit wrote: its size in bytes, and what it was made of where that was
    written down.
    """

    size: int
    origin: Origin | None = None


RUN: Final = "run folder"
PREPARED: Final = "prepared folder"
OF_RUN: Final = "part of a run"


def kind_of_folder(folder: Path) -> str:
    """Return what srkit made of a folder, `run folder` or `prepared folder`, "" where nothing."""
    if looks_like_run(folder):
        return RUN
    return PREPARED if looks_prepared(folder) else ""


def looks_prepared(folder: Path) -> bool:
    """Whether `srkit prepare` wrote a folder, or began to."""
    if (folder / WORK_FOLDER).is_dir():
        return True
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.keys() >= {"version", "format", "pictures"}


def check_not_of_run(folder: Path) -> None:
    """Raise RecipeError for what a run wrote into its folder, as a place of pictures.

    What else lies in such a folder is its owner's.
    """
    if is_of_run(folder):
        raise RecipeError(
            f"{folder} is a part of a run of srkit, whose pictures are no photographs",
            hint="name the folder of the photographs; a single picture can be named by its file",
        )


def check_not_prepared(folder: Path) -> None:
    """Raise RecipeError for a folder that `srkit prepare` wrote, as a place of photographs: its HR
    and LR are the same pictures, and patches of them.
    """
    if looks_prepared(folder):
        raise RecipeError(
            f"{folder} was written by srkit prepare", hint="name the folder of the photographs"
        )


def is_of_run(folder: Path) -> bool:
    """Whether a folder was written by a run that lies around it."""
    return any(
        is_written_by_run(here.relative_to(one)) and looks_like_run(one)
        for here in {Path(os.path.normpath(folder.absolute())), folder.resolve()}
        for one in here.parents
    )


def remember(picture: Path, origin: Origin | None = None) -> None:
    """Write down that a picture is srkit's, so that no search takes it for a photograph, and what
    it was made of, so that it need not be made again.

    Raises DataError or DiskFullError when its folder cannot be written.
    """
    about: dict[str, object] = {"name": picture.name, "bytes": picture.stat().st_size}
    if origin is not None:
        about["origin"] = asdict(origin)
    try:
        with (picture.parent / WRITTEN).open("a", encoding="utf-8", errors="surrogateescape") as to:
            to.write(json.dumps(about, ensure_ascii=False) + "\n")
    except OSError as error:
        raise write_error(error, picture.parent / WRITTEN) from error


def written_in(folder: Path) -> Mapping[str, WrittenPicture]:
    """Return the pictures that srkit wrote into a folder, by name.

    Raises DataError when the record of them is damaged.
    """
    file = folder / WRITTEN
    try:
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise _damaged(file, error.strerror or str(error)) from None
    try:
        return dict(_entry(line) for line in text.splitlines() if line.strip())
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _damaged(file, "a line of it names no picture") from None


def is_own(picture: Path, written: Mapping[str, WrittenPicture]) -> bool:
    """Whether a picture is still the one that srkit wrote."""
    if picture.name not in written:
        return False
    try:
        return picture.stat().st_size == written[picture.name].size
    except OSError:
        return False


def _entry(line: str) -> tuple[str, WrittenPicture]:
    about = json.loads(line)
    name, size, origin = about["name"], about["bytes"], about.get("origin")
    if not isinstance(name, str) or type(size) is not int:
        raise TypeError(line)
    return name, WrittenPicture(size, None if origin is None else Origin(**origin))


def _damaged(file: Path, reason: str) -> DataError:
    return DataError(
        f"{file} is damaged, which says what srkit wrote there: {reason}",
        hint=f"move what srkit wrote out of {file.parent}, and delete that file",
        path=file,
    )
