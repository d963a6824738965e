"""Which LR file belongs to which HR file?"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from srkit_core.data.folders import pictures_below
from srkit_core.errors import DataError

_HR_NAMES = frozenset({"hr", "hq", "gt", "highresolution", "highres"})
_LR_NAMES = frozenset({"lr", "lq", "lowresolution", "lowres"})
_SCALE_SUFFIX = re.compile(r"[-_]?x\d+$", re.IGNORECASE)


def find_pairs(folder: Path, scale: int | None = None) -> tuple[list[tuple[Path, Path]], int]:
    """Return the (HR file, LR file) of a folder with an HR and an LR subfolder, and how many other files these hold.

    The subfolders are called `HR`/`LR`, `HQ`/`LQ`, `high_resolution`/`low resolution` or alike; of `LRx2` and `LRx4`
    that of `scale` is taken. Raises DataError when
    one is missing or there are two, or when an HR file has not exactly one LR file.
    """
    hr, lr = (_subfolder(folder, names, scale) for names in (_HR_NAMES, _LR_NAMES))
    (files, others), candidates = pictures_below(hr), Candidates(lr)
    return [(file, candidates.partner(file, file.parent.relative_to(hr))) for file in files], others + candidates.ignored


class Candidates:
    """The pictures of an LR folder, to be found by their HR file; `ignored` counts its other files."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise DataError(f"there is no folder {folder}", hint="check the path", path=folder)
        files, self.ignored = pictures_below(folder)
        self._folder = folder
        self._by_stem = _grouped(files, lambda file: file.stem)
        self._by_bare_stem = _grouped(files, lambda file: _SCALE_SUFFIX.sub("", file.stem))

    def partner(self, hr: Path, inside: Path) -> Path:
        """Return the LR file with the stem of an HR file, or with its stem and a scale such as `x4`.

        Of several the one in the subfolder `inside`. Raises DataError when there is none, or no single one.
        """
        alike = self._by_stem.get(hr.stem) or self._by_bare_stem.get(hr.stem, [])
        beside = [file for file in alike if file.parent == self._folder / inside]
        found = beside or alike
        if not found:
            raise DataError(f"{hr} has no LR picture in {self._folder}", hint=f"add {hr.stem}.png or {hr.stem}x4.png there", path=hr)
        if len(found) > 1:
            names = ", ".join(str(file.relative_to(self._folder)) for file in found[:2])
            raise DataError(f"{hr} has several LR pictures in {self._folder}: {names}", hint="name the folder of one scale", path=hr)
        return found[0]


def _grouped(files: Iterable[Path], key: Callable[[Path], str]) -> dict[str, list[Path]]:
    groups = defaultdict[str, list[Path]](list)
    for file in files:
        groups[key(file)].append(file)
    return groups


def hr_subfolder(folder: Path) -> Path | None:
    """Return the HR folder of a folder that holds HR and LR side by side, such as a benchmark's; None elsewhere."""
    names = {child: _bare_name(child) for child in folder.iterdir() if child.is_dir()}
    high = [child for child, name in names.items() if name in _HR_NAMES]
    low = [child for child, name in names.items() if _SCALE_SUFFIX.sub("", name) in _LR_NAMES]
    return high[0] if len(high) == 1 and low else None


def _bare_name(folder: Path) -> str:
    return re.sub(r"[ _-]", "", folder.name.lower())


def _subfolder(folder: Path, names: frozenset[str], scale: int | None) -> Path:
    children = {child: _bare_name(child) for child in sorted(folder.iterdir()) if child.is_dir()}
    found = [child for child, name in children.items() if name in names or name in {f"{known}x{scale}" for known in names}]
    if len(found) == 1:
        return found[0]
    wanted = sorted(names)[-1].upper()
    fact = f"several subfolders for {wanted}: {found[0].name}, {found[1].name}" if found else f"no subfolder for {wanted}"
    raise DataError(f"{folder} has {fact}", hint="paired data need two subfolders such as HR and LR", path=folder)
