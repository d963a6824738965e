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
from srkit_core.data.prepared_layout import (
    MANIFEST,
    SKIPPED,
    VERSION,
    WORK_FOLDER,
    written_folders,
)
from srkit_core.data.shards import open_shard, shard_sides, unreadable
from srkit_core.data.whole_file import is_whole_picture
from srkit_core.data_source import DataSource
from srkit_core.errors import DataError
from srkit_core.inside import leads_out, shown
from srkit_core.lists import read_list
from srkit_core.same_name import composed

_AGAIN = "copy it again, or srkit prepare again"
_KEYS = frozenset({"version", "format", "scale", "options", "pictures", "filtered"})
"""Of a manifest of `srkit prepare`: one that has two of them is no other program's."""


class PreparedPicture(BaseModel):
    """A picture as it was prepared: in a `shard`, or in `files`, all of them below the folder.

    `size` is (height, width) of HR.
    """

    name: str
    size: tuple[PositiveInt, PositiveInt]
    patches: NonNegativeInt
    split: Split
    group: str
    sha256: str = ""
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
    pictures = [_picture(packed, one, source.weight, paired=bool(naming)) for one in wanted]
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


def check_no_lr_apart(packed: PreparedFolder, source: DataSource) -> None:
    """Raise DataError when LR of packed pictures is looked for elsewhere."""
    if source.lr:
        raise DataError(
            f"{packed.folder} holds packed pictures, whose LR is packed with them",
            hint="--data PREPARED alone, or name the folders that it was made from",
            path=packed.folder,
        )


def check_whole(packed: PreparedFolder) -> None:
    """Raise DataError when files of the manifest are missing or damaged."""
    files = {file: _inside(packed, file) for one in packed.manifest.pictures for file in one.files}
    gone = [file for file, path in files.items() if not path.is_file()]
    bad = gone or [file for file, path in files.items() if not is_whole_picture(path)]
    if bad:
        how = "missing" if gone else "truncated or damaged"
        raise DataError(
            f"{packed.folder} is not whole: {len(bad)} files are {how}, such as {bad[0]}",
            hint=_AGAIN,
            path=packed.folder,
        )


def as_prepared(packed: PreparedFolder, pictures: Sequence[Picture]) -> Sequence[Picture]:
    """Return those of the pictures that were prepared, with their splits and groups, or all where
    none was.
    """
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
        replace(picture, group=one.group, split=one.split, origin=one.sha256)
        for picture, one in known
        if one
    ] or pictures


def _around(where: Path) -> PreparedFolder | None:
    """Return what a folder holds that a place is a written part of.

    What else lies in there is nobody's but its owner's.
    """
    folder = next(filter(_is_around, where.absolute().parents), None) if where.exists() else None
    if folder is None:
        return None
    first = name_inside(where, folder).parts[0]
    try:
        packed = _opened(folder)
    except DataError:
        if first in (written_folders(folder) or (first,)):
            raise
        return None
    written = {
        _folder(file) for one in packed.manifest.pictures for file in (one.shard, *one.files)
    }
    return packed if first in written else None


def _is_around(folder: Path) -> bool:
    """Whether a folder around a place was prepared.

    What other programs keep there is nobody's business.
    """
    try:
        return _is_prepared(folder)
    except DataError:
        return False


def _is_prepared(folder: Path) -> bool:
    """Whether a folder is one of `srkit prepare`, by its hidden folder or its manifest."""
    if (folder / WORK_FOLDER).is_dir():
        return True
    path = folder / MANIFEST
    document = _document(path) if path.is_file() else None
    return isinstance(document, dict) and len(document.keys() & _KEYS) > 1


def _opened(folder: Path) -> PreparedFolder:
    path = folder / MANIFEST
    if not path.exists():
        raise DataError(
            f"{folder} was not prepared to its end: it has no {MANIFEST}",
            hint="run the same srkit prepare again",
            path=folder,
        )
    manifest = _checked(path, _document(path))
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
    bare, whole = ({key(one.name): one for one in pictures} for key in (_bare, composed))
    found = [whole.get(composed(name)) or bare.get(_bare(name)) for name in names]
    unknown = [name for name, one in zip(names, found, strict=True) if one is None]
    if unknown:
        raise DataError(
            f"{packed.folder} has no picture '{unknown[0]}', which {listing} names",
            hint="its manifest has the names",
        )
    return [one for one in found if one]


def _bare(name: str) -> str:
    path = PurePosixPath(composed(name))
    return path.with_suffix("").as_posix() if path.name else ""


def _folder(file: str) -> str:
    """Return the folder of a file of the manifest; that of HR comes first."""
    return file.partition("/")[0]


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", hint=_AGAIN, path=path) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"cannot read {path}: {error}", hint=_AGAIN, path=path) from None


def _checked(path: Path, document: Any) -> Manifest:
    if not isinstance(document, dict):
        raise _damaged(path, f"it holds a {type(document).__name__}")
    version = document.get("version")
    if "version" in document and type(version) is not int:
        raise _damaged(path, f"version: {version!r} is no whole number")
    if version not in (None, VERSION):
        raise DataError(
            f"{path} is of version {version}, this srkit reads {VERSION}",
            hint="pip install --upgrade srkit, or srkit prepare again",
            path=path,
        )
    try:
        manifest = Manifest.model_validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise _damaged(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    _check_names(path, manifest)
    return manifest


def _check_names(path: Path, manifest: Manifest) -> None:
    outside = [one.name for one in manifest.pictures if not _names_a_picture(one.name)]
    if outside:
        raise _damaged(path, f"'{shown(outside[0])}' names no picture")
    files = [file for one in manifest.pictures for file in (one.shard, *one.files) if file]
    for names in ([one.name for one in manifest.pictures], files):
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise _damaged(path, f"it holds '{twice[0]}' twice")


def _names_a_picture(name: str) -> bool:
    """Whether a name stays in its folder; it is no path, so that `c: d` may begin like a drive."""
    return not leads_out(name if PureWindowsPath(name).root else name.replace(":", "_"))


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(f"{path} is damaged: {reason}", hint=_AGAIN, path=path)


def _picture(
    packed: PreparedFolder, one: PreparedPicture, weight: float, *, paired: bool
) -> Picture:
    path, (height, width) = _inside(packed, one.shard), one.size
    sides = shard_sides(path)
    for name in ("hr", "lr") if paired else ("hr",):
        if name not in sides:
            raise unreadable(path, f"it holds no {name.upper()}")
    if sides["hr"] != one.size:
        has = f"it has {sides['hr'][1]}x{sides['hr'][0]} pixels"
        raise unreadable(path, f"{has}, its manifest says {width}x{height}")
    return Picture(
        one.name,
        path,
        one.group,
        height,
        width,
        weight=weight,
        crops=max(one.patches, 1),
        split=one.split,
        origin=one.sha256,
    )


def _holds_lr(packed: PreparedFolder) -> bool:
    return "lr" in shard_sides(_inside(packed, packed.manifest.pictures[0].shard))


def _inside(packed: PreparedFolder, name: str) -> Path:
    """Return a path of the manifest, which must lead to a file below its folder on every system."""
    if leads_out(name) or "\\" in name:
        raise DataError(
            f"{packed.folder / MANIFEST} is damaged: '{shown(name)}' is no file below it",
            hint=_AGAIN,
            path=packed.folder,
        )
    return packed.folder.joinpath(*PurePosixPath(name).parts)
