"""Which files of a place are its pictures, and which LR belongs to which HR?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from srkit_core.data.bundled_photographs import BUNDLED, bundled_photographs
from srkit_core.data.folders import in_utf8, search
from srkit_core.data.hr_lr_folders import hr_subfolder
from srkit_core.data.listed_files import listed_pairs, listed_pictures
from srkit_core.data.pairs import Naming, find_pairs
from srkit_core.data.side_by_side import lr_beside_hr
from srkit_core.data_source import DataSource, missing_path_hint
from srkit_core.errors import DataError


@dataclass(frozen=True)
class Listing:
    """Files (HR, LR or None) below `root`.

    `ignored` counts others, `remarks` say what was left alone or kept where.
    """

    root: Path
    files: tuple[tuple[Path, Path | None], ...]
    ignored: int = 0
    remarks: tuple[str, ...] = ()


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
    path = Path(source.where)
    if source.listing:
        return _listed(source.listing, path, naming)
    if naming and not path.is_dir():
        raise _no_lr(source.where)
    if path.is_file():
        return Listing(path.parent, ((path, None),))
    if not path.is_dir():
        raise DataError(
            f"there is no folder {path}",
            hint=f"{missing_path_hint(path)}; or '{BUNDLED}', the bundled photographs",
            path=path,
        )
    return _below(path, naming)


def is_bundled(source: DataSource) -> bool:
    """Whether the bundled photographs are meant: an existing path of that name wins."""
    return source.where == BUNDLED and not Path(source.where).exists()


def _below(folder: Path, naming: Naming | None) -> Listing:
    if naming:
        pairs = find_pairs(folder, naming)
        strays = _counted("LR pictures without an HR picture", pairs.strays)
        remarks = (*pairs.notes, *strays)
        return _with_names(Listing(folder, tuple(pairs.files), pairs.ignored, remarks))
    contents, high = search(folder), hr_subfolder(folder)
    if high:
        taken = search(high)
        others = len(contents.pictures) - len(taken.pictures)
        remark = _left_alone(f"{folder} holds HR and LR side by side", f"of {high.name}", others)
        remarks = (*remark, *taken.notes())
        return _with_names(Listing(folder, _alone(taken.pictures), taken.others, remarks))
    low = {one.path for lows in lr_beside_hr(contents.pictures).values() for one in lows}
    kept = [path for path in contents.pictures if path not in low]
    both = f"{folder} holds HR and LR in one folder, by their names"
    remarks = _left_alone(both, "that do not say LR", len(low)) if low else ()
    return _with_names(
        Listing(folder, _alone(kept), contents.others, (*remarks, *contents.notes()))
    )


def _left_alone(fact: str, which: str, others: int) -> tuple[str, ...]:
    return (f"{fact}: these are the pictures {which}, {others} others were left alone",)


def _with_names(listing: Listing) -> Listing:
    """Leave out what no recipe or manifest can name."""
    named = [both for both in listing.files if all(in_utf8(file) for file in both if file)]
    others = sorted({hr for hr, _ in listing.files} - {hr for hr, _ in named})
    remarks = (*listing.remarks, *_counted("files whose names are not UTF-8", others))
    return replace(listing, files=tuple(named), remarks=remarks)


def _counted(what: str, files: Sequence[Path]) -> tuple[str, ...]:
    return (f"skipped: {len(files)} {what}, such as {files[0].name!a}",) if files else ()


def _listed(listing: Path, root: Path, naming: Naming | None) -> Listing:
    """Return what a list names: below the folder, or below its HR subfolder."""
    if naming:
        pairs, remarks = listed_pairs(listing, root, naming)
        return Listing(root, tuple(pairs), remarks=remarks)
    pictures, remarks = listed_pictures(listing, root)
    return Listing(root, _alone(pictures), remarks=remarks)


def _alone(pictures: Sequence[Path]) -> tuple[tuple[Path, None], ...]:
    return tuple((picture, None) for picture in pictures)


def _no_lr(source: str) -> DataError:
    return DataError(
        f"{source} has no LR pictures",
        hint="--data a folder with HR and LR subfolders, or --degrade bicubic",
        path=Path(source),
    )
