"""Which LR file belongs to which HR file?"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from srkit_core.data.folder_names import HR_NAMES, side_of
from srkit_core.data.folders import FolderContents, name_inside, search
from srkit_core.data.hr_lr_folders import hr_subfolders, lr_of_scale, pairs_of_folders
from srkit_core.data.side_by_side import LrNames, lr_beside_hr, of_scale
from srkit_core.errors import DataError
from srkit_core.same_name import name_key, nearest_names

_NAMED_AT_MOST: Final = 3
_SCALE_SUFFIX: Final = re.compile(r"[-_]?x(\d+)[dm]?(?=(?:_s\d+)?$)", re.IGNORECASE)
"""As in `0801x4`, DIV2K's `0801x4m` of its mild track, and `0801x4_s001` of a part."""


@dataclass(frozen=True)
class Naming:
    """How LR is told apart: the scale, where one is wanted, and BasicSR's `filename_tmpl`, "" for
    the usual names.
    """

    scale: int | None = None
    template: str = ""


@dataclass(frozen=True)
class Pairs:
    """The (HR file, LR file) of a folder, the LR pictures that belong to no HR picture, how many
    other files there are, and what was left out or read in another way.
    """

    files: Sequence[tuple[Path, Path]]
    strays: Sequence[Path]
    ignored: int
    notes: tuple[str, ...] = ()


def find_pairs(folder: Path, naming: Naming | None = None) -> Pairs:
    """Pair the files of a folder with HR and LR subfolders, or of one whose names say HR and LR.

    Raises DataError when a subfolder is missing or there are two, when HR files have not exactly
    one LR file, or two of them the same.
    """
    naming = naming or Naming()
    try:
        folders = pairs_of_folders(folder, naming.scale)
    except DataError:
        contents = search(folder)
        if not lr_beside_hr(contents.pictures):
            raise
        return _by_names(contents, naming)
    return _joined([_of_folders([search(hr)], lr, naming) for hr, lr in folders])


def find_pairs_apart(place: Path, lr: Path, naming: Naming) -> Pairs:
    """Pair the files of a folder of HR, or a single one, with those of a folder of LR elsewhere.

    Of several scales below that, the one of `naming` is taken. Raises DataError as `find_pairs`.
    """
    if place.is_file() and lr.is_file():
        return Pairs(check_one_to_one([(place, lr)]), (), 0)
    low = lr_of_scale(lr, side_of(place, HR_NAMES), naming.scale)
    if place.is_file():
        return _joined([_of_folders([FolderContents(place.parent, (place,), 0)], low, naming)])
    high = [search(folder) for folder in hr_subfolders(place) or [place]]
    return _joined([_of_folders([_without(one, lr) for one in high], low, naming)])


def _of_folders(high: Sequence[FolderContents], lr: Path, naming: Naming) -> Pairs:
    candidates = Candidates(lr, naming.template, naming.scale)
    roots = {file: one.folder for one in high for file in one.pictures}
    pairs = join_pairs(
        list(roots),
        lambda file: candidates.partner(file, file.parent.relative_to(roots[file])),
    )
    return Pairs(
        pairs,
        candidates.besides([low for _, low in pairs]),
        sum(one.others for one in high) + candidates.contents.others,
        (*(note for one in high for note in one.notes()), *candidates.contents.notes()),
    )


def _without(contents: FolderContents, other: Path) -> FolderContents:
    """Return what lies in a folder but not in another one below it."""
    kept = tuple(one for one in contents.pictures if not one.is_relative_to(other))
    return replace(contents, pictures=kept)


def _joined(found: Sequence[Pairs]) -> Pairs:
    """Join the pairs of several folders; raises DataError when a file is in two of them."""
    return Pairs(
        check_one_to_one([both for one in found for both in one.files]),
        tuple(stray for one in found for stray in one.strays),
        sum(one.ignored for one in found),
        tuple(dict.fromkeys(note for one in found for note in one.notes)),
    )


def check_one_to_one(
    pairs: Sequence[tuple[Path, Path]], second: str = "LR"
) -> Sequence[tuple[Path, Path]]:
    """Return pairs of HR and a `second` file of which no file is in two; else raises DataError."""
    for side, other, word in ((1, 0, second), (0, 1, "HR")):
        owners = defaultdict[Path, list[tuple[Path, Path]]](list)
        for pair in pairs:
            owners[name_inside(pair[side], Path())].append(pair)
        for shared in (found for found in owners.values() if len(found) > 1):
            path = shared[0][side]
            raise DataError(
                f"{path} is the {word} picture of {shared[0][other]} and of {shared[1][other]}",
                hint=f"give each HR picture an {second} picture of its own, or move one away",
                path=path,
            )
    return pairs


class Candidates:
    """The pictures of an LR folder, to be found by their HR file; `side` is what they are called
    where they are something else.
    """

    def __init__(
        self, folder: Path, template: str = "", scale: int | None = None, side: str = "LR"
    ) -> None:
        if not folder.is_dir():
            raise DataError(f"there is no folder {folder}", hint="check the path", path=folder)
        self.contents = search(folder)
        self._folder, self.side = folder, side
        self._template, self._scale = template, scale
        self._by_stem = _grouped(self.contents.pictures, _stem)
        self._by_bare_stem = _grouped(self.contents.pictures, _bare)
        self._lr_names = LrNames(self.contents.pictures)

    def partner(self, hr: Path, inside: Path) -> Path:
        """Return the LR file of an HR file: of the name that the template makes of its stem, or
        without one of its stem.

        Without a template, the stem may end in a scale such as `x4`. Of several files the one in
        the subfolder `inside`; NFC and NFD, and where nothing else fits upper and lower case, are
        the same. Last, one whose name says LR as that of the HR file says HR. Raises DataError when
        there is none, or no single one.
        """
        named = self._template.replace("{}", hr.stem) if self._template else hr.stem
        found = [file for file in self._nearest(named, inside) if not _is_same(file, hr)]
        found = found or self._by_side(hr, inside)
        if not found:
            wanted = f"{named}.png" if self._template else f"{hr.stem}.png or {hr.stem}x4.png"
            raise DataError(
                f"{hr} has no {self.side} picture in {self._folder}",
                hint=f"add {wanted} there",
                path=hr,
            )
        if len(found) > 1:
            names = ", ".join(str(file.relative_to(self._folder)) for file in found[:2])
            raise DataError(
                f"{hr} has several {self.side} pictures in {self._folder}: {names}",
                hint="--scale N, or name the folder of one scale",
                path=hr,
            )
        return found[0]

    def _by_side(self, hr: Path, inside: Path) -> list[Path]:
        """Return the files whose names say LR where that of the HR file says HR."""
        found = of_scale(self._lr_names.of(hr), self._scale)
        return [file for file in found if file.parent == self._folder / inside] or found

    def besides(self, used: Iterable[Path]) -> list[Path]:
        """Return the pictures that are neither in use nor another scale of one that is."""
        bare = {name_key(_bare(file)) for file in used}
        return sorted(
            file for stem, files in self._by_bare_stem.items() if stem not in bare for file in files
        )

    def _nearest(self, stem: str, inside: Path) -> list[Path]:
        """Return the files of a stem, those in the subfolder `inside` where it has some."""
        whole, here = self._by_stem.get(name_key(stem), []), name_key(inside.as_posix())
        bare = [] if self._template else self._by_bare_stem.get(name_key(stem), [])
        alike, name = (whole, _stem) if whole else (self._of_scale(bare), _bare)
        beside = [file for file in alike if name_key(self._place(file).as_posix()) == here]
        return nearest_names(stem, beside or alike, name)

    def _of_scale(self, files: list[Path]) -> list[Path]:
        """Return those whose names end in the scale, where it is known and some do."""
        said = {file: _SCALE_SUFFIX.search(file.stem) for file in files}
        named = [file for file, match in said.items() if match and int(match[1]) == self._scale]
        return named or files

    def _place(self, file: Path) -> Path:
        return file.parent.relative_to(self._folder)


def _by_names(contents: FolderContents, naming: Naming) -> Pairs:
    """Pair the pictures of folders that hold both: each HR picture with the one beside it whose
    name says LR.
    """
    lows = lr_beside_hr(contents.pictures)
    found = {high: of_scale(beside, naming.scale) for high, beside in lows.items()}
    pairs = join_pairs(
        [high for high, beside in found.items() if beside],
        lambda high: _only_one(high, found[high]),
    )
    if not pairs:
        raise DataError(
            f"{contents.folder} has no LR pictures of scale {naming.scale}",
            hint="--scale N, as their names say",
            path=contents.folder,
        )
    known = {*lows, *(low.path for beside in lows.values() for low in beside)}
    others = [path for path in contents.pictures if path not in known]
    such = f"; {len(others)} others, such as {others[0].name!a}, belong to none" if others else ""
    note = f"{contents.folder} holds HR and LR in one folder: names tell its {len(pairs)} pairs"
    return Pairs(check_one_to_one(pairs), (), contents.others, (*contents.notes(), f"{note}{such}"))


def _only_one(high: Path, lows: Sequence[Path]) -> Path:
    if len(lows) > 1:
        raise DataError(
            f"{high} has several LR pictures beside it: {lows[0].name}, {lows[1].name}",
            hint="--scale N takes that of one scale",
            path=high,
        )
    return lows[0]


def _is_same(file: Path, hr: Path) -> bool:
    return name_inside(file, Path()) == name_inside(hr, Path())


def _stem(file: Path) -> str:
    return file.stem


def _bare(file: Path) -> str:
    return _SCALE_SUFFIX.sub("", file.stem)


def join_pairs(files: Sequence[Path], partner: Callable[[Path], Path]) -> list[tuple[Path, Path]]:
    """Return each HR file with its partner; raises a DataError that counts those that have none."""
    pairs, errors = list[tuple[Path, Path]](), list[DataError]()
    for file in files:
        try:
            pairs.append((file, partner(file)))
        except DataError as error:
            errors.append(error)
    if len(errors) > 1:
        others = ", ".join(
            error.path.name for error in errors[1 : _NAMED_AT_MOST + 1] if error.path
        )
        raise DataError(
            f"{errors[0]}, nor have {len(errors) - 1} more one: {others}",
            hint=errors[0].hint,
            path=errors[0].path,
        )
    if errors:
        raise errors[0]
    return pairs


def _grouped(files: Iterable[Path], name: Callable[[Path], str]) -> dict[str, list[Path]]:
    groups = defaultdict[str, list[Path]](list)
    for file in files:
        groups[name_key(name(file))].append(file)
    return groups
