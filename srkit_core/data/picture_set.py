"""Which pictures does a place hold, and which of its files cannot be used?"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from srkit_core.data.bundled_photographs import BUNDLED
from srkit_core.data.file_list import Listing, list_files
from srkit_core.data.folders import name_inside
from srkit_core.data.groups import group_of
from srkit_core.data.pairs import Naming
from srkit_core.data.picture import Picture, Split
from srkit_core.data.prepared_folder import (
    Packed,
    as_prepared,
    check_scale,
    find_packed,
    packed_pictures,
    unused_lr,
)
from srkit_core.data.remote import on_this_machine
from srkit_core.data.shards import ENDING, open_shard
from srkit_core.data.splits import Selection, choose
from srkit_core.data_source import DataSource, parse_data_sources
from srkit_core.errors import DataError
from srkit_core.io.images import IN_WORDS, image_size, read_image

HELD_OUT_SIDE = 1024
_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Skipped:
    """A file that cannot be used, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class PictureSet:
    """The usable pictures of a place, sorted.

    `ignored` counts the files without a picture ending, `remarks` say more.

    `marks` are the digests of the manifests it was read from, `scale` is the one it was prepared
    for.
    """

    place: str
    pictures: tuple[Picture, ...]
    skipped: tuple[Skipped, ...] = ()
    ignored: int = 0
    remarks: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    scale: int | None = None

    def notes(self) -> list[str]:
        """Say what was left out, a line each."""
        notes = list(self.remarks)
        notes += [
            f"skipped {skipped.path}: {skipped.reason}" for skipped in self.skipped[:_NAMED_AT_MOST]
        ]
        rest = len(self.skipped) - _NAMED_AT_MOST
        notes += [f"skipped {rest} more files"] if rest > 0 else []
        return notes + (
            [f"ignored {self.ignored} files of {self.place} without a picture ending"]
            if self.ignored
            else []
        )

    def fingerprint(self) -> str:
        """Return a digest of manifests, names and sizes, by which a repeated run knows its data."""
        lines = [
            f"{picture.name} {picture.height} {picture.width} {picture.path.stat().st_size}"
            for picture in self.pictures
        ]
        return hashlib.sha256("\n".join([*self.marks, *lines]).encode()).hexdigest()


def open_picture_set(
    place: str,
    *,
    paired: bool = False,
    scale: int | None = None,
    smallest: int = 1,
    lr_names: str = "",
    prefer: Sequence[Split] = (),
) -> PictureSet:
    """Return the pictures of a data source, or of several with weights.

    A folder is searched recursively. With `paired`, it holds HR and LR subfolders, and of several
    for LR that of `scale` is taken; `lr_names` is BasicSR's `filename_tmpl`, such as `{}x4`.
    Without, HR of such a folder is taken and LR left alone. Of a folder that `srkit prepare` wrote,
    the first of the splits `prefer` that it has is taken, where it has none everything. Pictures
    with a side under `smallest` pixels and files that are no pictures are skipped with their
    reason. Raises DataError when nothing is left.
    """
    naming, places = Naming(scale, lr_names) if paired else None, parse_data_sources(place)
    sources = [_preferred(_open(one, naming, smallest), prefer) for one in places]
    return sources[0] if len(sources) == 1 else _mixture(place, places, sources)


def _open(place: DataSource, naming: Naming | None, smallest: int) -> PictureSet:
    here, remarks = on_this_machine(place)
    packed = find_packed(here)
    if packed and naming:
        check_scale(packed, naming)
    if packed and packed.manifest.format == "packed":
        found: list[Picture | Skipped] = [*packed_pictures(packed, here, naming)]
        listing = Listing(packed.folder, (), remarks=() if naming else unused_lr(packed))
    else:
        listing = list_files(here, naming)
        found = [_measured(one) for one in _listed(listing, here, packed)]
    found = [_large_enough(one, smallest) for one in found]
    pictures = tuple(one for one in found if isinstance(one, Picture))
    skipped = tuple(one for one in found if isinstance(one, Skipped))
    marks, scale = ((packed.digest,), packed.manifest.scale) if packed else ((), None)
    told = (*remarks, *listing.remarks)
    source = PictureSet(
        str(place.listing or place.where), pictures, skipped, listing.ignored, told, marks, scale
    )
    if not pictures:
        raise _nothing_left(source, smallest)
    return source


def _listed(listing: Listing, place: DataSource, packed: Packed | None) -> Sequence[Picture]:
    names = _names([path for path, _ in listing.files], listing.root)
    pictures = [
        Picture(name, path, group_of(name), 0, 0, lr, weight=place.weight)
        for name, (path, lr) in zip(names, listing.files, strict=True)
    ]
    return as_prepared(packed, pictures) if packed else pictures


def _preferred(source: PictureSet, splits: Sequence[Split]) -> PictureSet:
    chosen = next(
        (split for split in splits if any(one.split == split for one in source.pictures)), None
    )
    return replace(
        source, pictures=tuple(one for one in source.pictures if chosen in (None, one.split))
    )


def _mixture(text: str, places: Sequence[DataSource], sources: Sequence[PictureSet]) -> PictureSet:
    """Join sources; a picture is named after its place, and groups stay what they are, so that no
    split moves.
    """
    labels, named = list[str](), Counter[str]()
    for place in places:
        label = (place.listing or Path(place.where)).stem
        named[label] += 1
        labels.append(label if named[label] == 1 else f"{label}.{named[label]}")
    pictures = [
        replace(picture, name=f"{label}/{picture.name}")
        for label, one in zip(labels, sources, strict=True)
        for picture in one.pictures
    ]
    skipped = tuple(skipped for one in sources for skipped in one.skipped)
    remarks = tuple(remark for one in sources for remark in one.remarks)
    marks = tuple(mark for one in sources for mark in one.marks)
    scales, ignored = {one.scale for one in sources}, sum(one.ignored for one in sources)
    return PictureSet(
        text,
        tuple(pictures),
        skipped,
        ignored,
        remarks,
        marks,
        scales.pop() if len(scales) == 1 else None,
    )


def readable(source: PictureSet) -> PictureSet:
    """Read every picture once and skip those with a good header and a broken body.

    Raises DataError when none is left.

    For validation sets, whose figures would otherwise mean other pictures than those that were
    named.
    """
    pictures, skipped = list[Picture](), list(source.skipped)
    for picture in source.pictures:
        try:
            for path in filter(None, (picture.path, picture.lr)):
                open_shard(path) if path.suffix == ENDING else read_image(path)
        except DataError as error:
            skipped.append(_skipped(error, picture.path))
        else:
            pictures.append(picture)
    checked = replace(source, pictures=tuple(pictures), skipped=tuple(skipped))
    if not pictures:
        raise _nothing_left(checked, 1)
    return checked


@dataclass(frozen=True)
class Splits:
    """The pictures of a source by what they are for.

    Of those for validation the central square is taken.
    """

    training: tuple[Picture, ...]
    validation: tuple[Picture, ...]
    test: tuple[Picture, ...]


def split_pictures(source: PictureSet, hold_out: Selection | None, test: Selection) -> Splits:
    """Part the pictures by group, as they were prepared.

    Of the others as `choose` says, which holds out none where some were.

    What is held out here is cut to its central 1024 x 1024. Raises DataError when none is left to
    train on.
    """
    val, kept = (
        {one.group for one in source.pictures if one.split == said} for said in ("val", "test")
    )
    free = {one.name: one.group for one in source.pictures if one.group not in val | kept}
    chosen, tested = choose(free, None if val and not hold_out else hold_out, test, source.place)
    held, tested = chosen | val, tested | kept
    training = tuple(picture for picture in source.pictures if picture.group not in held | tested)
    if not training:
        raise DataError(
            f"{source.place} has too few pictures to hold any out",
            hint="--val PATH names other pictures for validation",
        )
    validation = tuple(
        picture if picture.split == "val" else replace(picture, limit=HELD_OUT_SIDE)
        for picture in source.pictures
        if picture.group in held
    )
    return Splits(
        training,
        validation,
        tuple(picture for picture in source.pictures if picture.group in tested),
    )


def _measured(picture: Picture) -> Picture | Skipped:
    try:
        height, width = image_size(picture.path)
        if picture.lr:
            image_size(picture.lr)
    except DataError as error:
        return _skipped(error, picture.path)
    return replace(picture, height=height, width=width)


def _large_enough(one: Picture | Skipped, smallest: int) -> Picture | Skipped:
    if isinstance(one, Skipped) or min(one.height, one.width) >= smallest:
        return one
    return Skipped(
        one.path, f"{one.width} x {one.height} is smaller than the crop of {smallest} pixels"
    )


def _skipped(error: DataError, path: Path) -> Skipped:
    return Skipped(error.path or path, error.message.removeprefix(f"cannot read {error.path}: "))


def _names(paths: Sequence[Path], root: Path) -> list[str]:
    """Name files as they lie below a folder, without their endings where that tells them apart."""
    inside = [name_inside(path, root) for path in paths]
    bare = [path.with_suffix("").as_posix() for path in inside]
    count = Counter(bare)
    return [
        name if count[name] == 1 else path.as_posix()
        for name, path in zip(bare, inside, strict=True)
    ]


def _nothing_left(source: PictureSet, smallest: int) -> DataError:
    small = [skipped for skipped in source.skipped if "smaller than the crop" in skipped.reason]
    if small and len(small) == len(source.skipped):
        return DataError(
            f"all {len(small)} pictures of {source.place} are smaller than the crop of {smallest} "
            "pixels",
            hint="--patch with a smaller number",
        )
    if source.skipped:
        first = source.skipped[0]
        return DataError(
            f"none of the {len(source.skipped)} files of {source.place} can be used; "
            f"{first.path.name}: {first.reason}",
            hint="--data another folder",
        )
    return DataError(
        f"{source.place} holds no picture",
        hint=f"--data a folder with pictures ({IN_WORDS}), or '{BUNDLED}'",
    )
