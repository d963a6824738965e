"""Which folder holds HR, and which the LR of it?

Folders are told by their names (see `folder_names`): `HR`, `LR`, `HQ`, `LQ`, `GT`, `High
Resolution`, `low_res`, alone or among other words, as in `DIV2K_train_HR` and
`DIV2K_train_LR_bicubic`. Of several for LR the one of the scale is taken. Several for HR are taken
together where they are for training, validation and a test, or numbered as `hr1` and `hr2`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from srkit_core.data.folder_names import (
    HR_NAMES,
    LR_NAMES,
    SUB,
    FolderSide,
    names_scale,
    says_sub,
    side_of,
    split_said,
)
from srkit_core.data.folders import subfolders
from srkit_core.data_source import missing_path_hint
from srkit_core.errors import DataError

FolderPairs: TypeAlias = list[tuple[Path, Path]]


def pairs_of_folders(folder: Path, scale: int | None) -> FolderPairs:
    """Return the HR and the LR folders of a place: subfolders, also of its folders for training and
    validation, or `folder` itself and the LR folder of the same other words beside it.

    Of `LRx2` and `LRx4`, or `X2` and `X4` below it, that of `scale` is taken. A folder that holds
    nothing but one other is looked into. Raises DataError when one is missing or there are two.
    """
    here = side_of(folder, HR_NAMES)
    if here is None:
        folder = _inner(folder)
        here = side_of(folder, HR_NAMES)
    low = _sides(folder, LR_NAMES)
    if here is not None and not low:
        beside = _of_same_words(here, _sides(folder.parent, LR_NAMES))
        return [(folder, lr_of_scale(_low_of(here, beside, folder, scale), here, scale))]
    high = _sides(folder, HR_NAMES)
    parts = _parts(folder)
    if parts and not (high and low):
        return [pair for part in parts for pair in pairs_of_folders(part, scale)]
    chosen = _with_low(_told_apart(high, folder), low)
    return [
        (one.folder, lr_of_scale(_low_of(one, beside, folder, scale), one, scale))
        for one, beside in chosen
    ]


def hr_subfolders(folder: Path) -> list[Path]:
    """Return the HR folders of a folder that holds HR and LR of the same other words side by side,
    such as a benchmark's, or of its folders for training and validation; else none.

    So `race GT` and `LR exports` are two folders of photographs. Raises DataError when there are
    several for HR that have LR and are for the same, because nothing then says what to leave alone.
    """
    high, low = (_sides(folder, names) for names in (HR_NAMES, LR_NAMES))
    found = [one for one in high if any(_belong_together(one, other) for other in low)]
    if found:
        return [one.folder for one in _told_apart(found, folder)]
    parts = {part: hr_subfolders(part) for part in _parts(folder)}
    return (
        [one for part, inner in parts.items() for one in inner or [part]]
        if any(parts.values())
        else []
    )


def lr_of_scale(lr: Path, high: FolderSide | None, scale: int | None) -> Path:
    """Return the subfolder of a scale, such as DIV2K's `X4` or `LRx4`, or BasicSR's `X4_sub` where
    HR is cut into parts too, where there is one; else the folder.

    Raises DataError when there is no such folder.
    """
    if not lr.is_dir():
        raise DataError(f"there is no folder {lr}", hint=missing_path_hint(lr), path=lr)
    low = [side.folder for side in _sides(lr, LR_NAMES) if scale in (side.scale, side.number)]
    found = [child for child in subfolders(lr) if names_scale(child, scale)] or low
    parts = high is not None and SUB in high.after
    alike = [child for child in found if says_sub(child) == parts] or found
    return alike[0] if len(alike) == 1 else lr


def _sides(folder: Path, names: frozenset[str]) -> list[FolderSide]:
    sides = [side_of(child, names) for child in subfolders(folder)]
    return [side for side in sides if side is not None]


def _parts(folder: Path) -> list[Path]:
    """Return the folders for training, validation and a test, none where there is no training."""
    said = {child: split_said(child.name) for child in subfolders(folder)}
    return [child for child, split in said.items() if split] if "train" in said.values() else []


def _belong_together(high: FolderSide, low: FolderSide) -> bool:
    """Whether names differ in nothing but HR and LR, how each was made, and BasicSR's `sub` for
    pictures cut into parts.
    """
    made = tuple(word for word in high.after if word != SUB and not word.startswith("mod"))
    return high.before == low.before and made in ((), low.after)


def _inner(folder: Path) -> Path:
    """Look into folders that archives nest: one that holds a single folder, and nothing that says
    HR or LR.
    """
    children = subfolders(folder)
    while len(children) == 1 and not any(
        side_of(children[0], names) for names in (HR_NAMES, LR_NAMES)
    ):
        folder, children = children[0], subfolders(children[0])
    return folder


def _told_apart(high: Sequence[FolderSide], folder: Path) -> list[FolderSide]:
    """Return HR folders that are not for the same: whole pictures before parts of them, and those
    called nothing but HR before others.

    Raises DataError when there is none, or two are for the same.
    """
    if not high:
        raise _missing(folder, "HR")
    bare = [one for one in high if one.is_bare] or list(high)
    whole = [one for one in bare if not _is_cut(one, bare)]
    uses = [(one.split, one.number) for one in whole]
    splits = {one.split for one in whole}
    if len(set(uses)) < len(uses) or (len(splits) > 1 and "" in splits):
        twice = [one for one, use in zip(whole, uses, strict=True) if uses.count(use) > 1]
        raise _several(folder, "HR", [one.folder for one in twice or whole])
    return whole


def _is_cut(one: FolderSide, others: Sequence[FolderSide]) -> bool:
    """Whether a folder holds the parts of the pictures of another one."""
    rest = tuple(word for word in one.after if word != SUB)
    return rest != one.after and any(
        (one.before, rest, one.number) == (other.before, other.after, other.number)
        for other in others
    )


def _with_low(
    high: Sequence[FolderSide], lows: Sequence[FolderSide]
) -> list[tuple[FolderSide, Sequence[FolderSide]]]:
    """Return HR folders with the LR folders that may be theirs; of several the ones that have
    some.
    """
    if len(high) == 1:
        return [(high[0], _of_same_words(high[0], lows) or lows)]
    taken = {one.number for one in high}
    found = [
        (one, _of_same_words(one, [low for low in lows if low.number not in taken - {one.number}]))
        for one in high
    ]
    return [(one, beside) for one, beside in found if beside] or [(high[0], ())]


def _of_same_words(high: FolderSide, low: Sequence[FolderSide]) -> list[FolderSide]:
    """Return the LR folders whose name begins with the words of an HR folder, of a number those of
    the same number.
    """
    numbered = [one for one in low if one.number == high.number]
    alike = low if high.number is None else numbered
    exact = [one for one in alike if one.before == high.before]
    return exact or [one for one in alike if one.before[: len(high.before)] == high.before]


def _low_of(high: FolderSide, low: Sequence[FolderSide], folder: Path, scale: int | None) -> Path:
    """Choose the LR folder of an HR folder; raises DataError when there is none, or two."""
    if not low:
        raise _missing(folder, "LR")
    scales = {one.folder: one.scale or (one.number if high.number is None else None) for one in low}
    named = [one for one in low if scale is not None and scales[one.folder] == scale]
    silent = [one for one in low if scale is None or scales[one.folder] is None]
    if not named and not silent:
        raise _of_other_scales(folder, sorted(filter(None, scales.values())), scale)
    fit = named or silent
    parts = [one for one in fit if (SUB in one.after) == (SUB in high.after)] or fit
    bare = [one for one in parts if one.is_bare] or parts
    if len(bare) > 1:
        raise _several(folder, "LR", [one.folder for one in bare], high.folder)
    return bare[0].folder


def _missing(folder: Path, wanted: str) -> DataError:
    hint = "paired data need two subfolders such as HR and LR, or --data HR --lq LR"
    return DataError(f"{folder} has no subfolder for {wanted}", hint=hint, path=folder)


def _several(
    folder: Path, wanted: str, found: Sequence[Path], high: Path | None = None
) -> DataError:
    fact = f"{folder} has several subfolders for {wanted}: {found[0].name}, {found[1].name}"
    hint = f"--data '{high} with {found[0]}'" if high else f"name one of them, {found[0]}"
    return DataError(fact, hint=hint, path=folder)


def _of_other_scales(folder: Path, scales: Sequence[int], scale: int | None) -> DataError:
    there = ", ".join(f"x{one}" for one in scales)
    fact = f"the LR of {folder} is of scale {there}, not x{scale}"
    return DataError(fact, hint=f"--scale {scales[0]}, or --degrade bicubic", path=folder)
