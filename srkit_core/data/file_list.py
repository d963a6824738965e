"""Which files of a place are its pictures, and which LR belongs to which HR?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from srkit_core.data.bundled_photographs import BUNDLED, bundled_photographs
from srkit_core.data.folders import in_utf8, pictures_below
from srkit_core.data.hr_lr_folders import hr_subfolder
from srkit_core.data.pairs import Naming, find_pairs, listed_pairs
from srkit_core.data_source import DataSource
from srkit_core.errors import DataError
from srkit_core.lists import read_list


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
            hint=f"check the path, or use '{BUNDLED}', the bundled photographs",
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
        return _with_names(Listing(folder, tuple(pairs.files), pairs.ignored, strays))
    high = hr_subfolder(folder)
    remarks = _left_alone(folder, high) if high else ()
    files, ignored = pictures_below(high or folder)
    return _with_names(Listing(folder, _alone(files), ignored, remarks))


def _left_alone(folder: Path, high: Path) -> tuple[str]:
    others = len(pictures_below(folder)[0]) - len(pictures_below(high)[0])
    return (
        f"{folder} holds HR and LR side by side: these are the pictures of {high.name}, {others} "
        "others were left alone",
    )


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
    names = read_list(listing)
    if naming:
        return Listing(root, tuple(listed_pairs(names, root, naming)))
    high = hr_subfolder(root) if root.is_dir() else None
    return Listing(root, _alone([_named(name, [root, high] if high else [root]) for name in names]))


def _named(name: str, folders: Sequence[Path]) -> Path:
    """Return the file of a name that stands alone in its line, or before that of its LR."""
    files = [folder / one for one in (name, name.partition(", ")[0]) for folder in folders]
    return next((file for file in files if file.is_file()), files[0])


def _alone(pictures: Sequence[Path]) -> tuple[tuple[Path, None], ...]:
    return tuple((picture, None) for picture in pictures)


def _no_lr(source: str) -> DataError:
    return DataError(
        f"{source} has no LR pictures",
        hint="--data a folder with HR and LR subfolders, or --degrade bicubic",
        path=Path(source),
    )
