"""Which pictures does a folder hold that `srkit prepare` wrote?

Its `manifest.json` says: with sizes, splits and groups, and how many crops an epoch has. Everything in it lies inside the folder,
so that it may be moved to another machine.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt, ValidationError

from srkit_core.data.pairs import Naming
from srkit_core.data.picture import Picture, Split
from srkit_core.data.prepared import MANIFEST, ROOM, VERSION
from srkit_core.data.shards import open_shard, unreadable
from srkit_core.errors import DataError
from srkit_core.places import Place

_AGAIN = "copy it again, or srkit prepare again"


class Prepared(BaseModel):
    """A picture as it was prepared: in a `shard`, or in `files`, all of them below the folder; `size` is (height, width) of HR."""

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
    pictures: Annotated[list[Prepared], Field(min_length=1)]


@dataclass(frozen=True)
class Packed:
    """A prepared folder; `digest` is that of its manifest."""

    folder: Path
    manifest: Manifest
    digest: str


def find_packed(place: Place) -> Packed | None:
    """Return what was prepared in a place, None for others, such as a folder with a manifest that is of another program.

    Raises DataError when the manifest is damaged, or of another version than this srkit reads.
    """
    path = Path(place.where) / MANIFEST
    if not place.listing and not path.is_file() and (path.parent / ROOM).is_dir():
        raise DataError(f"{path.parent} was not prepared to its end", hint="run the same srkit prepare again", path=path.parent)
    if place.listing or not path.is_file():
        return None
    content = path.read_bytes()
    document = _document(path, content)
    if not isinstance(document, dict) or not document.keys() >= {"version", "format"}:
        return None
    if document.get("version") != VERSION:
        raise DataError(
            f"{path} is of version {document.get('version')}, this srkit reads {VERSION}",
            hint="pip install --upgrade srkit, or srkit prepare again",
            path=path,
        )
    manifest = _checked(path, document)
    open_shard.cache_clear()  # what was prepared again since is another file of the same name
    return Packed(path.parent, manifest, hashlib.sha256(content).hexdigest())


def packed_pictures(packed: Packed, naming: Naming | None, weight: float) -> list[Picture]:
    """Return the pictures of shards, each with the crops of its grid, and with `naming` with their LR.

    Raises DataError when a shard is missing or too short for its picture, or there is no LR of this scale.
    """
    if naming:
        _check_lr(packed, naming)
    pictures = [_picture(packed, one, weight) for one in packed.manifest.pictures]
    return [replace(picture, lr=picture.path) for picture in pictures] if naming else pictures


def as_prepared(packed: Packed, pictures: Iterable[Picture]) -> list[Picture]:
    """Return those of a folder's pictures that were prepared, with their splits, groups and shares of the crops of their source.

    Raises DataError when files of the manifest are missing.
    """
    gone = [file for one in packed.manifest.pictures for file in one.files if not _inside(packed, file).is_file()]
    if gone:
        raise DataError(f"{packed.folder} is not whole: {len(gone)} files are missing, such as {gone[0]}", hint=_AGAIN, path=packed.folder)
    made = {file: one for one in packed.manifest.pictures for file in one.files if _folder(file) == _folder(one.files[0])}
    known = [(picture, made.get(picture.path.relative_to(packed.folder).as_posix())) for picture in pictures]
    parts, seen = Counter(one.name for _, one in known if one), Counter[str]()
    found = list[Picture]()
    for picture, one in known:
        if one:
            more = seen[one.name] < one.patches % parts[one.name]
            seen[one.name] += 1
            found.append(replace(picture, group=one.group, split=one.split, crops=max(one.patches // parts[one.name] + more, 1)))
    return found


def _folder(file: str) -> str:
    """Return the folder of a file of the manifest; that of HR comes first."""
    return file.partition("/")[0]


def _document(path: Path, content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise DataError(f"cannot read {path}: {error}", hint=_AGAIN, path=path) from None


def _checked(path: Path, document: dict[str, Any]) -> Manifest:
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(f"{path} is damaged: {where}: {first['msg']}", hint=_AGAIN, path=path) from None
    twice = [name for name, count in Counter(one.name for one in manifest.pictures).items() if count > 1]
    if twice:
        raise DataError(f"{path} is damaged: it holds '{twice[0]}' twice", hint=_AGAIN, path=path)
    return manifest


def _picture(packed: Packed, one: Prepared, weight: float) -> Picture:
    path, (height, width) = _inside(packed, one.shard), one.size
    try:
        length = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error.strerror or "there is no such file") from None
    if length <= height * width * 3:
        raise unreadable(path, f"{length} bytes are too few for {width}x{height} pixels")
    return Picture(one.name, path, one.group, height, width, weight=weight, crops=max(one.patches, 1), split=one.split)


def _check_lr(packed: Packed, naming: Naming) -> None:
    first = _inside(packed, packed.manifest.pictures[0].shard)
    if "lr" not in open_shard(first):
        fact = f"{packed.folder} was prepared without LR"
        raise DataError(fact, hint="--degrade bicubic, or srkit prepare --degrade E", path=packed.folder)
    if naming.scale not in (None, packed.manifest.scale):
        fact = f"the LR of {packed.folder} is of scale {packed.manifest.scale}, not {naming.scale}"
        raise DataError(fact, hint=f"--scale {packed.manifest.scale}, or --degrade bicubic", path=packed.folder)


def _inside(packed: Packed, name: str) -> Path:
    """Return a path of the manifest, which must lead to a file below its folder on every system."""
    inside = PurePosixPath(name)
    if not name or inside.is_absolute() or ".." in inside.parts or "\\" in name or ":" in inside.parts[0]:
        raise DataError(f"{packed.folder / MANIFEST} is damaged: '{name}' is no file below it", hint=_AGAIN, path=packed.folder)
    return packed.folder.joinpath(*inside.parts)
