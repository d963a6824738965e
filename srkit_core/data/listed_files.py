"""Which files does a list of pictures name, and which LR belongs to which HR of them?"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from srkit_core.data.folder_names import HR_NAMES, side_of
from srkit_core.data.folders import OWN_PICTURE, FolderContents, LeftOut, find_inside
from srkit_core.data.hr_lr_folders import (
    FolderPairs,
    hr_subfolders,
    lr_of_scale,
    pairs_of_folders,
)
from srkit_core.data.own_work import is_of_run, is_own, kind_of_folder, written_in
from srkit_core.data.pairs import Candidates, Naming, check_one_to_one, join_pairs
from srkit_core.errors import DataError
from srkit_core.inside import inside
from srkit_core.lists import read_list


def listed_pictures(listing: Path, root: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Return the pictures of a list below a folder or its HR subfolder, and what is to be told.

    A name stands alone in its line, or before that of its LR. What srkit wrote into the folder is
    left out. Raises DataError when a name leads out of the folder, or two are of one file.
    """
    folders = [root, *(hr_subfolders(root) if root.is_dir() else ())]
    found = [_named(name, folders, listing) for name in read_list(listing)]
    _check_once(found, listing)
    return _without_own(found, root)


def listed_pairs(
    listing: Path, root: Path, naming: Naming, lr: Path | None = None
) -> tuple[Sequence[tuple[Path, Path]], tuple[str, ...]]:
    """Return the (HR file, LR file) that a list names: `HR, LR` on each line, or HR alone, whose LR
    is looked for, in the folder `lr` where that lies apart; and what is to be told.

    Raises DataError when a name leads out of the folder, an HR file has not exactly one LR file, or
    a file is in two pairs.
    """
    names = read_list(listing)
    if all(", " in name for name in names):
        sides = [name.partition(", ") for name in names]
        both = [
            (_below(hr, [root], listing), _below(one, [lr or root], listing))
            for hr, _, one in sides
        ]
        return check_one_to_one(both), ()
    folders = _folders(root, naming.scale, lr)
    low = {hr: Candidates(one, naming.template, naming.scale) for hr, one in folders}
    files = [_below(name, [*low, root], listing) for name in names]
    _check_once(files, listing)
    pairs = join_pairs(files, lambda file: _partner(file, low))
    return check_one_to_one(pairs), tuple(
        note for one in low.values() for note in one.contents.notes()
    )


def _named(name: str, folders: Sequence[Path], listing: Path) -> Path:
    """Return the file of a name that stands alone in its line, or before that of its LR."""
    whole = _below(name, folders, listing)
    first = name.partition(", ")[0]
    if whole.is_file() or first == name:
        return whole
    alone = _below(first, folders, listing)
    return alone if alone.is_file() else whole


def _below(name: str, folders: Sequence[Path], listing: Path) -> Path:
    """Return where a name of a list lies: in the first folder that has it, else in the first."""
    hint = f"names below one folder, or '{listing} in FOLDER' with the folder that holds them all"
    paths = [inside(folder, _relative(name, folder), str(listing), hint=hint) for folder in folders]
    found = [
        find_inside(folder, path.relative_to(folder).as_posix())
        for folder, path in zip(folders, paths, strict=True)
    ]
    return next((file for file in found if file.is_file()), found[0])


def _relative(name: str, folder: Path) -> str:
    """Return a whole path that lies below the folder as it lies there."""
    whole, top = (Path(os.path.normpath(one)) for one in (name, folder.absolute()))
    lies_there = Path(name).is_absolute() and whole.is_relative_to(top)
    return whole.relative_to(top).as_posix() if lies_there else name


def _folders(root: Path, scale: int | None, lr: Path | None) -> FolderPairs:
    if lr is None:
        return pairs_of_folders(root, scale)
    return [(root, lr_of_scale(lr, side_of(root, HR_NAMES), scale))]


def _partner(file: Path, low: Mapping[Path, Candidates]) -> Path:
    """Return the LR file of an HR file, in the folder that belongs to that of HR it lies in."""
    around = next((hr for hr in low if file.is_relative_to(hr)), None)
    return low[around or next(iter(low))].partner(
        file, file.parent.relative_to(around) if around else Path()
    )


def _without_own(files: Sequence[Path], root: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Return the files that srkit did not write, and say what was left out."""
    parents = {file.parent for file in files}
    folders = {one: _own_folder(one, root) for one in parents}
    written = {one: written_in(one) for one in parents if one != root}
    kinds = {
        file: folders[file.parent]
        or (OWN_PICTURE if is_own(file, written.get(file.parent, {})) else "")
        for file in files
    }
    left_out = tuple(LeftOut(file, kind) for file, kind in kinds.items() if kind)
    kept = [file for file in files if not kinds[file]]
    return kept, FolderContents(root, (), 0, left_out).notes()


def _own_folder(folder: Path, root: Path) -> str:
    """Return what of srkit's a folder is or lies in: below `root`, or a run around it."""
    below = [one for one in (folder, *folder.parents) if one != root and one.is_relative_to(root)]
    kind = next(filter(None, map(kind_of_folder, below)), "")
    return f"picture of a {kind}" if kind else "picture of a run" if is_of_run(folder) else ""


def _check_once(files: Sequence[Path], listing: Path) -> None:
    twice = next((file for file, count in Counter(files).items() if count > 1), None)
    if twice:
        raise DataError(
            f"{listing} names {twice.name} twice",
            hint="once a picture; '3*LIST + OTHER' gives weights",
            path=listing,
        )
