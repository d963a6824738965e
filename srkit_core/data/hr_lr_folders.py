"""Which folder holds HR, and which LR?

Folders are told by their names, in any case and with spaces, underscores or hyphens between words:
`HR`, `LR`, `HQ`, `LQ`, `GT`, `High Resolution`, `low_res`, alone or among other words, as in
`DIV2K_train_HR` and `DIV2K_train_LR_bicubic`.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from srkit_core.data.folders import subfolders
from srkit_core.errors import DataError

HR_NAMES = frozenset({"hr", "hq", "gt", "highresolution", "highres"})
LR_NAMES = frozenset({"lr", "lq", "lowresolution", "lowres"})
_Around: TypeAlias = tuple[list[str], list[str]] | None
SCALE_SUFFIX = re.compile(r"[-_]?x\d+$", re.IGNORECASE)


def pair_of_folders(folder: Path, scale: int | None) -> tuple[Path, Path]:
    """Return the HR and the LR folder: subfolders, or `folder` itself and the LR folder of the same
    other words beside it.

    Of `LRx2` and `LRx4`, or `X2` and `X4` below it, that of `scale` is taken. A folder that holds
    nothing but one other is looked into. Raises DataError when one is missing or there are two.
    """
    here = _words_around(folder, HR_NAMES)
    if here is None:
        folder = _inner(folder)
        here = _words_around(folder, HR_NAMES)
    if here is not None and not _saying(subfolders(folder), LR_NAMES, scale):
        beside = _saying(subfolders(folder.parent), LR_NAMES, scale)
        alike = [
            one
            for one in beside
            if (_words_around(one, LR_NAMES) or ([], []))[0][: len(here[0])] == here[0]
        ]
        return folder, _of_scale(_only(alike, folder, LR_NAMES), scale)
    hr, lr = (
        _only(_saying(subfolders(folder), names, scale), folder, names)
        for names in (HR_NAMES, LR_NAMES)
    )
    return hr, _of_scale(lr, scale)


def hr_subfolder(folder: Path) -> Path | None:
    """Return the HR folder of a folder that holds HR and LR of the same other words side by side,
    such as a benchmark's; else None.

    So `race GT` and `LR exports` are two folders of photographs. Raises DataError when there are
    several for HR that have LR, because nothing then says what to leave alone.
    """
    low = [_words_around(child, LR_NAMES) for child in subfolders(folder)]
    high = [(child, _words_around(child, HR_NAMES)) for child in subfolders(folder)]
    found = [child for child, words in high if any(_belong_together(words, other) for other in low)]
    return _only(_exactly(found, HR_NAMES), folder, HR_NAMES) if found else None


def _belong_together(high: _Around, low: _Around) -> bool:
    """Whether names differ in nothing but HR and LR, how LR was made, and BasicSR's `sub` for
    pictures cut into parts.
    """
    return (
        high is not None
        and low is not None
        and high[0] == low[0]
        and high[1] in ([], ["sub"], low[1])
    )


def _inner(folder: Path) -> Path:
    """Look into folders that archives nest: one that holds a single folder, and nothing that says
    HR or LR.
    """
    children = subfolders(folder)
    while len(children) == 1 and not any(
        _says(children[0], names, any_scale=True) for names in (HR_NAMES, LR_NAMES)
    ):
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


def _words_around(folder: Path, names: frozenset[str]) -> _Around:
    """Return the words before that which says HR or LR, and those after it.

    None where none does.
    """
    words = _split(folder.name)
    for at, word in enumerate(words):
        for length, said in ((1, SCALE_SUFFIX.sub("", word)), (2, "".join(words[at : at + 2]))):
            if said in names:
                return words[:at], words[at + length :]
    return None


def _split(name: str) -> list[str]:
    return [word for word in re.split(r"[ _-]+", name.lower()) if word]


def _bare(name: str) -> str:
    return "".join(_split(name))


def _of_scale(lr: Path, scale: int | None) -> Path:
    """Return the subfolder of a scale, such as DIV2K's `X4` or BasicSR's `X4_sub`, where there is
    one; else the folder.
    """
    found = [child for child in subfolders(lr) if _split(child.name)[:1] == [f"x{scale}"]]
    return found[0] if len(found) == 1 else lr


def _only(found: Sequence[Path], folder: Path, names: frozenset[str]) -> Path:
    if len(found) == 1:
        return found[0]
    wanted = "HR" if names is HR_NAMES else "LR"
    fact = (
        f"several subfolders for {wanted}: {found[0].name}, {found[1].name}"
        if found
        else f"no subfolder for {wanted}"
    )
    hint = (
        f"name one of them, {found[0]}"
        if found and wanted == "HR"
        else "paired data need two subfolders such as HR and LR"
    )
    raise DataError(f"{folder} has {fact}", hint=hint, path=folder)
