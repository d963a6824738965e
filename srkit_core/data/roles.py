"""Which folder holds HR, and which LR?

Folders are told by their names, in any case and with spaces, underscores or hyphens between words: `HR`, `LR`, `HQ`, `LQ`, `GT`,
`High Resolution`, `low_res`, alone or among other words, as in `DIV2K_train_HR` and `DIV2K_train_LR_bicubic`.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from srkit_core.data.folders import subfolders
from srkit_core.errors import DataError

HR_NAMES = frozenset({"hr", "hq", "gt", "highresolution", "highres"})
LR_NAMES = frozenset({"lr", "lq", "lowresolution", "lowres"})
SCALE_SUFFIX = re.compile(r"[-_]?x\d+$", re.IGNORECASE)


def pair_of_folders(folder: Path, scale: int | None) -> tuple[Path, Path]:
    """Return the HR and the LR folder: subfolders, or `folder` itself and the LR folder of the same other words beside it.

    Of `LRx2` and `LRx4`, or `X2` and `X4` below it, that of `scale` is taken. A folder that holds nothing but one other is
    looked into. Raises DataError when one is missing or there are two.
    """
    folder = _inner(folder)
    here = _words(folder, HR_NAMES)
    if here is not None and not _saying(subfolders(folder), LR_NAMES, scale):
        alike = [one for one in _saying(subfolders(folder.parent), LR_NAMES, scale) if (_words(one, LR_NAMES) or [])[: len(here)] == here]
        return folder, _of_scale(_only(alike, folder, LR_NAMES), scale)
    hr, lr = (_only(_saying(subfolders(folder), names, scale), folder, names) for names in (HR_NAMES, LR_NAMES))
    return hr, _of_scale(lr, scale)


def hr_subfolder(folder: Path) -> Path | None:
    """Return the HR folder of a folder that holds HR and LR side by side, such as a benchmark's; None elsewhere.

    Raises DataError when there are several for HR, because nothing then says what to leave alone.
    """
    high = [child for child in subfolders(folder) if _says(child, HR_NAMES)]
    low = [child for child in subfolders(folder) if _says(child, LR_NAMES, any_scale=True)]
    return _only(_exactly(high, HR_NAMES), folder, HR_NAMES) if high and low else None


def _inner(folder: Path) -> Path:
    """Look into folders that archives nest: one that holds a single folder, and nothing that says HR or LR."""
    children = subfolders(folder)
    while len(children) == 1 and not any(_says(children[0], names, any_scale=True) for names in (HR_NAMES, LR_NAMES)):
        folder, children = children[0], subfolders(children[0])
    return folder


def _saying(folders: Sequence[Path], names: frozenset[str], scale: int | None) -> list[Path]:
    scaled = names | {f"{name}x{scale}" for name in names}
    found = _exactly([folder for folder in folders if _says(folder, scaled)], scaled)
    return [folder for folder in found if f"x{scale}" in _split(folder.name)] or found


def _exactly(folders: list[Path], names: frozenset[str]) -> list[Path]:
    """Prefer folders that are called nothing but HR or LR."""
    return [folder for folder in folders if _bare(folder.name) in names] or folders


def _says(folder: Path, names: frozenset[str], *, any_scale: bool = False) -> bool:
    said = {*_runs(folder), _bare(folder.name)}
    return bool(names & ({SCALE_SUFFIX.sub("", one) for one in said} if any_scale else said))


def _runs(folder: Path) -> list[str]:
    """Return the words of a name, and those that two of them make together."""
    words = _split(folder.name)
    return words + ["".join(pair) for pair in pairwise(words)]


def _words(folder: Path, names: frozenset[str]) -> list[str] | None:
    """Return the words before that which says HR or LR, None where none does."""
    words = _split(folder.name)
    place = next((at for at, word in enumerate(words) if SCALE_SUFFIX.sub("", word) in names or "".join(words[at : at + 2]) in names), None)
    return None if place is None else words[:place]


def _split(name: str) -> list[str]:
    return [word for word in re.split(r"[ _-]+", name.lower()) if word]


def _bare(name: str) -> str:
    return "".join(_split(name))


def _of_scale(lr: Path, scale: int | None) -> Path:
    """Return the subfolder of a scale, such as DIV2K's `X4` or BasicSR's `X4_sub`, where there is one; else the folder."""
    found = [child for child in subfolders(lr) if _split(child.name)[:1] == [f"x{scale}"]]
    return found[0] if len(found) == 1 else lr


def _only(found: Sequence[Path], folder: Path, names: frozenset[str]) -> Path:
    if len(found) == 1:
        return found[0]
    wanted = "HR" if names is HR_NAMES else "LR"
    fact = f"several subfolders for {wanted}: {found[0].name}, {found[1].name}" if found else f"no subfolder for {wanted}"
    hint = f"name one of them, {found[0]}" if found and wanted == "HR" else "paired data need two subfolders such as HR and LR"
    raise DataError(f"{folder} has {fact}", hint=hint, path=folder)
