"""Which files of a place are its pictures, and which LR belongs to which HR?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from srkit_core.data.bundled_photographs import BUNDLED, bundled_photographs
from srkit_core.data.folder_names import splits_by_folders, splits_in_words
from srkit_core.data.folders import in_utf8, name_inside, search
from srkit_core.data.hr_lr_folders import hr_subfolders
from srkit_core.data.listed_files import listed_pairs, listed_pictures
from srkit_core.data.lmdb_folder import refuse_lmdb
from srkit_core.data.pairs import Naming, Pairs, find_pairs, find_pairs_apart
from srkit_core.data.picture import Split
from srkit_core.data.side_by_side import lr_beside_hr
from srkit_core.data_source import DataSource, missing_path_hint
from srkit_core.errors import DataError
from srkit_core.lists import read_partition


@dataclass(frozen=True)
class Listing:
    """Files (HR, LR or None) below `root`.

    `ignored` counts others, `remarks` say what was left alone or kept where. `splits` say what some
    HR files are for, by the names of their folders.
    """

    root: Path
    files: tuple[tuple[Path, Path | None], ...]
    ignored: int = 0
    remarks: tuple[str, ...] = ()
    splits: Mapping[Path, Split] = field(default_factory=dict)


def list_files(source: DataSource, naming: Naming | None) -> Listing:
    """Return the files of a place, with `naming` as pairs.

    Raises DataError when it is not there, or a pair is incomplete.
    """
    if is_bundled(source):
        if naming:
            raise _no_lr(source.where)
        return Listing(
            bundled_photographs()[0].parent,
            tuple((photo, None) for photo in bundled_photographs()),
        )
    path, lr = Path(source.where), Path(source.lr) if source.lr else None
    if source.listing:
        return _listed(source.listing, path, naming, lr)
    refuse_lmdb(path)
    if not path.exists():
        raise DataError(
            f"there is no folder {path}",
            hint=f"{missing_path_hint(path)}; or '{BUNDLED}', the bundled photographs",
            path=path,
        )
    if naming and not lr and not path.is_dir():
        raise _no_lr(source.where)
    if naming:
        pairs = find_pairs_apart(path, lr, naming) if lr else find_pairs(path, naming)
        return _paired(path if path.is_dir() else path.parent, pairs)
    return _below(path) if path.is_dir() else Listing(path.parent, ((path, None),))


def is_bundled(source: DataSource) -> bool:
    """Whether the bundled photographs are meant: an existing path of that name wins."""
    return source.where == BUNDLED and not Path(source.where).exists()


def _paired(folder: Path, pairs: Pairs) -> Listing:
    strays = _counted("LR pictures without an HR picture", pairs.strays)
    remarks = (*pairs.notes, *strays)
    return _with_splits(Listing(folder, tuple(pairs.files), pairs.ignored, remarks))


def _below(folder: Path) -> Listing:
    contents, high = search(folder), hr_subfolders(folder)
    if high:
        taken = [search(one) for one in high]
        files = _alone([one for inside in taken for one in inside.pictures])
        names = ", ".join(name_inside(one, folder).as_posix() for one in high)
        others = len(contents.pictures) - len(files)
        remark = _left_alone(f"{folder} holds HR and LR side by side", f"of {names}", others)
        remarks = (*remark, *(note for one in taken for note in one.notes()))
        return _with_splits(Listing(folder, files, sum(one.others for one in taken), remarks))
    low = {one.path for lows in lr_beside_hr(contents.pictures).values() for one in lows}
    kept = [path for path in contents.pictures if path not in low]
    both = f"{folder} holds HR and LR in one folder, by their names"
    remarks = _left_alone(both, "that do not say LR", len(low)) if low else ()
    return _with_splits(
        Listing(folder, _alone(kept), contents.others, (*remarks, *contents.notes()))
    )


def _left_alone(fact: str, which: str, others: int) -> tuple[str, ...]:
    return (f"{fact}: these are the pictures {which}, {others} others were left alone",)


def _with_splits(listing: Listing) -> Listing:
    """Say what pictures are for, where their folders tell, and leave out what no recipe or manifest
    can name.
    """
    named = [both for both in listing.files if all(in_utf8(file) for file in both if file)]
    others = sorted({hr for hr, _ in listing.files} - {hr for hr, _ in named})
    splits = splits_by_folders({hr: name_inside(hr, listing.root) for hr, _ in named})
    told = _told(f"the folders of {listing.root}", splits) if splits else ()
    unnamed = _counted("files whose names are not UTF-8", others)
    remarks = (*listing.remarks, *told, *unnamed)
    return replace(listing, files=tuple(named), remarks=remarks, splits=splits)


def _told(who: str, splits: Mapping[Path, Split]) -> tuple[str, ...]:
    counts = splits_in_words(Counter(splits.values()))
    return (f"what pictures are for is said by {who}: {counts}",)


def _counted(what: str, files: Sequence[Path]) -> tuple[str, ...]:
    return (f"skipped: {len(files)} {what}, such as {files[0].name!a}",) if files else ()


def _listed(listing: Path, root: Path, naming: Naming | None, lr: Path | None = None) -> Listing:
    """Return what a list names: below the folder, or below its HR subfolders."""
    if naming:
        pairs, remarks = listed_pairs(listing, root, naming, lr)
        files: tuple[tuple[Path, Path | None], ...] = tuple(pairs)
    else:
        pictures, remarks = listed_pictures(listing, root)
        files = _alone(pictures)
    parts = {Path(name).name: part for name, part in read_partition(listing).items()}
    splits: dict[Path, Split] = {hr: parts[hr.name] for hr, _ in files if hr.name in parts}
    told = _told(str(listing), splits) if splits else ()
    return Listing(root, files, remarks=(*remarks, *told), splits=splits)


def _alone(pictures: Sequence[Path]) -> tuple[tuple[Path, None], ...]:
    return tuple((picture, None) for picture in pictures)


def _no_lr(source: str) -> DataError:
    return DataError(
        f"{source} has no LR pictures",
        hint="--data a folder with HR and LR subfolders, --lq with theirs, or --degrade bicubic",
        path=Path(source),
    )
