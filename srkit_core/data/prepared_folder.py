"""Which pictures does a folder hold that `srkit prepare` wrote?

Its `manifest.json` says: with sizes, splits and groups, and how many crops an epoch has. Everything
in it lies inside the folder, so that it may be moved to another machine.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Literal

from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt, ValidationError

from srkit_core.data.folders import name_inside
from srkit_core.data.pairs import Naming
from srkit_core.data.picture import Picture, Split
from srkit_core.data.prepared_layout import MANIFEST, SKIPPED, VERSION, WORK_FOLDER
from srkit_core.data.shards import open_shard, unreadable
from srkit_core.data_source import DataSource
from srkit_core.errors import DataError
from srkit_core.lists import read_list

_AGAIN = "copy it again, or srkit prepare again"


class PreparedPicture(BaseModel):
    """A picture as it was prepared: in a `shard`, or in `files`, all of them below the folder.

    `size` is (height, width) of HR.
    """

    name: str
    size: tuple[PositiveInt, PositiveInt]
    patches: NonNegativeInt
    split: Split
    group: str
    shard: str = ""
    files: list[str] = Field(default_factory=list)


class Manifest(BaseModel):
    """What was prepared; `scale` is that of its LR, where LR was prepared."""

    version: Literal[1]
    format: Literal["packed", "files"]
    scale: PositiveInt
    pictures: list[PreparedPicture]


@dataclass(frozen=True)
class PreparedFolder:
    """A prepared folder; `digest` is that of its manifest."""

    folder: Path
    manifest: Manifest
    digest: str


def find_prepared_folder(source: DataSource) -> PreparedFolder | None:
    """Return what was prepared in a place, or around a folder of prepared files.

    None for others, and manifests of other programs.

    Raises DataError when the manifest is damaged, or of another version than this srkit reads.
    """
    where = Path(source.where)
    if not (where / MANIFEST).is_file() and (where / WORK_FOLDER).is_dir():
        raise DataError(
            f"{where} was not prepared to its end",
            hint="run the same srkit prepare again",
            path=where,
        )
    return _opened(where) if _is_prepared(where) else _around(where)


def pictures_of_shards(
    packed: PreparedFolder, source: DataSource, naming: Naming | None
) -> list[Picture]:
    """Return the pictures of shards, of a list those that it names, with the crops of their grids,
    and with `naming` with LR.

    Raises DataError when a shard is missing or too short for its picture, when there is no LR, or
    no picture that the list names.
    """
    if naming and not _holds_lr(packed):
        fact = f"{packed.folder} was prepared without LR"
        raise DataError(
            fact, hint="--degrade bicubic, or srkit prepare --degrade E", path=packed.folder
        )
    wanted = _listed(packed, source.listing) if source.listing else packed.manifest.pictures
    pictures = [_picture(packed, one, source.weight) for one in wanted]
    return [replace(picture, lr=picture.path) for picture in pictures] if naming else pictures


def unused_lr(packed: PreparedFolder) -> tuple[str, ...]:
    """Say that shards hold LR, where it is not asked for."""
    return (
        (f"{packed.folder} holds LR as well, which --degrade paired takes",)
        if _holds_lr(packed)
        else ()
    )


def check_scale(packed: PreparedFolder, naming: Naming) -> None:
    """Raise DataError when a folder was prepared for another scale than LR is wanted of."""
    if naming.scale not in (None, packed.manifest.scale):
        fact = f"the LR of {packed.folder} is of scale {packed.manifest.scale}, not {naming.scale}"
        raise DataError(
            fact, hint=f"--scale {packed.manifest.scale}, or --degrade bicubic", path=packed.folder
        )


def as_prepared(packed: PreparedFolder, pictures: Sequence[Picture]) -> Sequence[Picture]:
    """Return those of the pictures that were prepared, with their splits and groups, or all where
    none was.

    Raises DataError when files of the manifest are missing.
    """
    gone = [
        file
        for one in packed.manifest.pictures
        for file in one.files
        if not _inside(packed, file).is_file()
    ]
    if gone:
        raise DataError(
            f"{packed.folder} is not whole: {len(gone)} files are missing, such as {gone[0]}",
            hint=_AGAIN,
            path=packed.folder,
        )
    made = {
        file: one
        for one in packed.manifest.pictures
        for file in one.files
        if _folder(file) == _folder(one.files[0])
    }
    known = [
        (picture, made.get(name_inside(picture.path, packed.folder).as_posix()))
        for picture in pictures
    ]
    return [
        replace(picture, group=one.group, split=one.split) for picture, one in known if one
    ] or pictures


def _around(where: Path) -> PreparedFolder | None:
    """Return what a folder holds that a place is a written part of.

    What else lies in there is nobody's but its owner's.
    """
    folder = next(filter(_is_around, where.absolute().parents), None) if where.exists() else None
    if folder is None:
        return None
    packed = _opened(folder)
    written = {
        _folder(file) for one in packed.manifest.pictures for file in (one.shard, *one.files)
    }
    return packed if name_inside(where, folder).parts[0] in written else None


def _is_around(folder: Path) -> bool:
    """Whether a folder around a place was prepared.

    What other programs keep there is nobody's business.
    """
    try:
        return _is_prepared(folder)
    except DataError:
        return False


def _is_prepared(folder: Path) -> bool:
    path = folder / MANIFEST
    document = _document(path) if path.is_file() else None
    return isinstance(document, dict) and document.keys() >= {"version", "format"}


def _opened(folder: Path) -> PreparedFolder:
    path = folder / MANIFEST
    document = _document(path)
    if document["version"] != VERSION:
        raise DataError(
            f"{path} is of version {document['version']}, this srkit reads {VERSION}",
            hint="pip install --upgrade srkit, or srkit prepare again",
            path=path,
        )
    manifest = _checked(path, document)
    if not manifest.pictures:
        raise DataError(
            f"{folder} holds no picture: none could be used",
            hint=f"{SKIPPED} there names them and why",
            path=folder,
        )
    open_shard.cache_clear()  # what was prepared again since is another file of the same name
    return PreparedFolder(folder, manifest, hashlib.sha256(path.read_bytes()).hexdigest())


def _listed(packed: PreparedFolder, listing: Path) -> list[PreparedPicture]:
    """Return what a list names, with endings of files or without."""
    pictures, names = packed.manifest.pictures, read_list(listing)
    known = {_bare(one.name): one for one in pictures} | {one.name: one for one in pictures}
    found = [known.get(name) or known.get(_bare(name)) for name in names]
    unknown = [name for name, one in zip(names, found, strict=True) if one is None]
    if unknown:
        raise DataError(
            f"{packed.folder} has no picture '{unknown[0]}', which {listing} names",
            hint="its manifest has the names",
        )
    return [one for one in found if one]


def _bare(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _folder(file: str) -> str:
    """Return the folder of a file of the manifest; that of HR comes first."""
    return file.partition("/")[0]


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"cannot read {path}: {error}", hint=_AGAIN, path=path) from None


def _checked(path: Path, document: dict[str, Any]) -> Manifest:
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path} is damaged: {where}: {first['msg']}", hint=_AGAIN, path=path
        ) from None
    outside = [one.name for one in manifest.pictures if not _names_a_picture(one.name)]
    if outside:
        raise DataError(
            f"{path} is damaged: '{outside[0]}' names no picture", hint=_AGAIN, path=path
        )
    twice = [
        name for name, count in Counter(one.name for one in manifest.pictures).items() if count > 1
    ]
    if twice:
        raise DataError(f"{path} is damaged: it holds '{twice[0]}' twice", hint=_AGAIN, path=path)
    return manifest


def _names_a_picture(name: str) -> bool:
    """Whether files may be called like a picture, on every system, without leaving the folder they
    are meant for.
    """
    return bool(name) and not any(
        path.is_absolute() or ".." in path.parts
        for path in (PurePosixPath(name), PureWindowsPath(name))
    )


def _picture(packed: PreparedFolder, one: PreparedPicture, weight: float) -> Picture:
    path, (height, width) = _inside(packed, one.shard), one.size
    try:
        length = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error.strerror or "there is no such file") from None
    if length <= height * width * 3:
        raise unreadable(path, f"{length} bytes are too few for {width}x{height} pixels")
    return Picture(
        one.name,
        path,
        one.group,
        height,
        width,
        weight=weight,
        crops=max(one.patches, 1),
        split=one.split,
    )


def _holds_lr(packed: PreparedFolder) -> bool:
    return "lr" in open_shard(_inside(packed, packed.manifest.pictures[0].shard))


def _inside(packed: PreparedFolder, name: str) -> Path:
    """Return a path of the manifest, which must lead to a file below its folder on every system."""
    inside = PurePosixPath(name)
    if (
        not name
        or inside.is_absolute()
        or ".." in inside.parts
        or "\\" in name
        or ":" in inside.parts[0]
    ):
        raise DataError(
            f"{packed.folder / MANIFEST} is damaged: '{name}' is no file below it",
            hint=_AGAIN,
            path=packed.folder,
        )
    return packed.folder.joinpath(*inside.parts)
