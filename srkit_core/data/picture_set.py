"""Which pictures does a data source hold, and which of its files cannot be used?"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from srkit_core.data.bundled_photographs import BUNDLED
from srkit_core.data.file_list import Listing, list_files
from srkit_core.data.folders import name_inside
from srkit_core.data.groups import group_of
from srkit_core.data.near_duplicates import join_copies
from srkit_core.data.pairs import Naming
from srkit_core.data.picture import Picture, Split
from srkit_core.data.picture_digest import PictureDigest, known_among
from srkit_core.data.picture_notes import header_notes, named_at_most, notes_on
from srkit_core.data.prepared_folder import (
    PreparedFolder,
    as_prepared,
    check_no_lr_apart,
    check_scale,
    check_whole,
    find_prepared_folder,
    pictures_of_shards,
    unused_lr,
)
from srkit_core.data.remote import on_this_machine
from srkit_core.data.shards import ENDING, open_shard, unreadable
from srkit_core.data.splits import Selection, choose
from srkit_core.data_source import DataSource, parse_data_sources
from srkit_core.errors import DataError
from srkit_core.io.images import IN_WORDS, image_size, read_image_noted

HELD_OUT_SIDE = 1024
_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Skipped:
    """A file that cannot be used, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class PictureSet:
    """The usable pictures of a data source, sorted.

    `ignored` counts the files without a picture ending, `remarks` say more.

    `marks` are the digests of the manifests it was read from, `scale` is the one it was prepared
    for.
    """

    source: str
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
            [f"ignored {self.ignored} files of {self.source} without a picture ending"]
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
    source: str,
    *,
    paired: bool = False,
    scale: int | None = None,
    smallest: int = 1,
    lr_names: str = "",
    prefer: Sequence[Split] = (),
) -> PictureSet:
    """Return the pictures of a data source, or of several with weights.

    A folder is searched recursively. With `paired`, and of a source that says so, it holds HR and
    LR subfolders, and of several for LR that of `scale` is taken; `lr_names` is BasicSR's
    `filename_tmpl`, such as `{}x4`. Without, HR of such a folder is taken and LR left alone. Of
    pictures that are for training, validation or a test, as `srkit prepare` wrote or their folders
    say, the first of the splits `prefer` that they have is taken, where they have none everything.
    Pictures with a side under `smallest` pixels and files that are no pictures are skipped with
    their reason. Raises DataError when nothing is left.
    """
    naming, sources = Naming(scale, lr_names), parse_data_sources(source)
    picture_sets = [
        _preferred(_open(one, naming if paired or one.has_lr else None, smallest), prefer)
        for one in sources
    ]
    return picture_sets[0] if len(picture_sets) == 1 else _mixture(source, sources, picture_sets)


def _open(source: DataSource, naming: Naming | None, smallest: int) -> PictureSet:
    here, remarks = on_this_machine(source)
    packed = find_prepared_folder(here)
    if packed and naming:
        check_scale(packed, naming)
    if packed and packed.manifest.format == "packed":
        check_no_lr_apart(packed, here)
        found: list[Picture | Skipped] = [*pictures_of_shards(packed, here, naming)]
        listing = Listing(packed.folder, (), remarks=() if naming else unused_lr(packed))
    else:
        if packed:
            check_whole(packed)
        listing = list_files(here, naming)
        found = [_measured(one) for one in _listed(listing, here, packed)]
    found = [_large_enough(one, smallest) for one in found]
    picture_set = PictureSet(
        source=str(source.listing or source.where),
        pictures=tuple(one for one in found if isinstance(one, Picture)),
        skipped=tuple(one for one in found if isinstance(one, Skipped)),
        ignored=listing.ignored,
        remarks=(*remarks, *listing.remarks, *named_at_most(_header_notes(found))),
        marks=(packed.digest,) if packed else (),
        scale=packed.manifest.scale if packed else None,
    )
    if not picture_set.pictures:
        raise _nothing_left(picture_set, smallest)
    return picture_set


def _header_notes(found: Sequence[Picture | Skipped]) -> list[str]:
    files = [one for one in found if isinstance(one, Picture) and one.path.suffix != ENDING]
    return list(header_notes(files))


def _listed(
    listing: Listing, source: DataSource, packed: PreparedFolder | None
) -> Sequence[Picture]:
    names = _names([path for path, _ in listing.files], listing.root)
    pictures = [
        Picture(
            name,
            path,
            group_of(name),
            0,
            0,
            lr,
            weight=source.weight,
            split=listing.splits.get(path, ""),
        )
        for name, (path, lr) in zip(names, listing.files, strict=True)
    ]
    return as_prepared(packed, pictures) if packed else pictures


def _preferred(found: PictureSet, splits: Sequence[Split]) -> PictureSet:
    there = {one.split for one in found.pictures}
    chosen = next((split for split in splits if split in there), None)
    kept = tuple(one for one in found.pictures if chosen in (None, one.split))
    return replace(found, pictures=kept)


def _mixture(text: str, sources: Sequence[DataSource], opened: Sequence[PictureSet]) -> PictureSet:
    """Join sets; a picture is named after its source, and groups stay what they are, so that no
    split moves.
    """
    pictures = [
        replace(picture, name=f"{label}/{picture.name}")
        for label, one in zip(_source_labels(sources), opened, strict=True)
        for picture in one.pictures
    ]
    scales = {one.scale for one in opened}
    return PictureSet(
        source=text,
        pictures=tuple(pictures),
        skipped=tuple(skipped for one in opened for skipped in one.skipped),
        ignored=sum(one.ignored for one in opened),
        remarks=tuple(remark for one in opened for remark in one.remarks),
        marks=tuple(mark for one in opened for mark in one.marks),
        scale=scales.pop() if len(scales) == 1 else None,
    )


def _source_labels(sources: Sequence[DataSource]) -> list[str]:
    labels, named = list[str](), Counter[str]()
    for source in sources:
        label = (source.listing or Path(source.where)).stem
        named[label] += 1
        labels.append(label if named[label] == 1 else f"{label}.{named[label]}")
    return labels


def readable(picture_set: PictureSet) -> PictureSet:
    """Read every picture once and skip those with a good header and a broken body.

    Raises DataError when none is left, or one was prepared by srkit and is damaged since.

    For validation sets, whose figures would otherwise mean other pictures than those that were
    named.
    """
    pictures, skipped, notes = list[Picture](), list(picture_set.skipped), list[str]()
    for picture in picture_set.pictures:
        try:
            for path in filter(None, (picture.path, picture.lr)):
                if path.suffix == ENDING:
                    open_shard(path)
                else:
                    notes += notes_on(path, read_image_noted(path)[1])
        except DataError as error:
            bad = _skipped(error, picture.path)
            if picture.origin or picture.path.suffix == ENDING:
                raise unreadable(bad.path, bad.reason) from None
            skipped.append(bad)
        else:
            pictures.append(picture)
    news = [note for note in notes if note not in picture_set.remarks]
    checked = replace(
        picture_set,
        pictures=tuple(pictures),
        skipped=tuple(skipped),
        remarks=(*picture_set.remarks, *named_at_most(news)),
    )
    if not pictures:
        raise _nothing_left(checked, 1)
    return checked


@dataclass(frozen=True)
class Splits:
    """The pictures of a source by what they are for.

    Of those for validation the central square is taken. `left_out` are for nothing: something
    earlier was judged by them. `remarks` say what was not looked at.
    """

    training: tuple[Picture, ...]
    validation: tuple[Picture, ...]
    test: tuple[Picture, ...]
    left_out: tuple[Picture, ...] = ()
    remarks: tuple[str, ...] = ()


def split_pictures(
    found: PictureSet,
    hold_out: Selection | None,
    test: Selection,
    before: Collection[PictureDigest] = (),
) -> Splits:
    """Split the pictures by group, as they were prepared or their folders say; the others as
    `choose` says, which holds out none where some were. What shows the same is never parted.

    What is held out here is cut to its central 1024 x 1024. Pictures that were held out `before`
    are not trained on, whatever the split says. Raises DataError when none is left to train on.
    """
    grouped = join_copies(found.pictures)
    pictures = grouped.pictures
    known = {one.group for one in known_among(pictures, before)} if before else set[str]()
    val, kept = ({one.group for one in pictures if one.split == split} for split in ("val", "test"))
    free = {one.name: one.group for one in pictures if one.group not in val | kept}
    wanted = None if val and not hold_out else hold_out
    chosen, tested = choose(free, wanted, test, found.source, first=known)
    held, tested = chosen | val, tested | kept
    training = tuple(one for one in pictures if one.group not in held | tested | known)
    if not training:
        raise DataError(
            f"{found.source} has too few pictures to hold any out",
            hint="--val PATH names other pictures for validation",
        )
    validation = tuple(
        one if one.split == "val" else replace(one, limit=HELD_OUT_SIDE)
        for one in pictures
        if one.group in held
    )
    return Splits(
        training,
        validation,
        tuple(one for one in pictures if one.group in tested - held),
        tuple(one for one in pictures if one.group in known - held - tested),
        grouped.remarks,
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


def _nothing_left(found: PictureSet, smallest: int) -> DataError:
    small = [skipped for skipped in found.skipped if "smaller than the crop" in skipped.reason]
    if small and len(small) == len(found.skipped):
        return DataError(
            f"all {len(small)} pictures of {found.source} are smaller than the crop of {smallest} "
            "pixels",
            hint="--patch with a smaller number",
        )
    if found.skipped:
        first = found.skipped[0]
        return DataError(
            f"none of the {len(found.skipped)} files of {found.source} can be used; "
            f"{first.path.name}: {first.reason}",
            hint="--data another folder",
        )
    left_out = [remark for remark in found.remarks if remark.startswith("left out of ")]
    return DataError(
        "; ".join([f"{found.source} holds no picture", *left_out]),
        hint=f"--data a folder with pictures ({IN_WORDS}), or '{BUNDLED}'",
    )
