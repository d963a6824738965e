"""Which LR file belongs to which HR file?"""

import re
from collections.abc import Iterator
from pathlib import Path

from srkit_core.errors import DataError
from srkit_core.io.images import ENDINGS

_HR_NAMES = frozenset({"hr", "hq", "gt", "highresolution", "highres"})
_LR_NAMES = frozenset({"lr", "lq", "lowresolution", "lowres"})
_SCALE_SUFFIX = re.compile(r"[-_]?x\d+$")


def find_pairs(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (HR file, LR file) from a folder with an HR and an LR subfolder (`HR`/`LR`, `HQ`/`LQ`, `high_resolution`/...).

    Raises DataError when a subfolder is missing or an HR file has no LR file.
    """
    hr, lr = (_subfolder(folder, names) for names in (_HR_NAMES, _LR_NAMES))
    candidates = lr_by_stem(lr)
    for path in sorted(path for path in hr.rglob("*") if path.suffix.lower() in ENDINGS):
        yield path, partner(path, candidates, lr)


def lr_by_stem(folder: Path) -> dict[str, Path]:
    """Return the pictures of an LR folder by stem, and by stem without a scale suffix such as `x4`."""
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}", hint="check the path", path=folder)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    bare = {_SCALE_SUFFIX.sub("", path.stem): path for path in files}
    return bare | {path.stem: path for path in files}


def partner(hr: Path, candidates: dict[str, Path], folder: Path) -> Path:
    """Return the LR file of an HR file; raises DataError when there is none."""
    if hr.stem not in candidates:
        raise DataError(f"{hr.name} has no LR picture in {folder}", hint=f"add {hr.stem}.png or {hr.stem}x4.png there", path=hr)
    return candidates[hr.stem]


def _subfolder(folder: Path, names: frozenset[str]) -> Path:
    for child in sorted(folder.iterdir()):
        if child.is_dir() and re.sub(r"[ _-]", "", child.name.lower()) in names:
            return child
    raise DataError(
        f"{folder} has no subfolder for {sorted(names)[-1].upper()}", hint="paired data need subfolders such as HR and LR", path=folder
    )
