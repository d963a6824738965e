"""What does the name of a folder say: HR or LR, of which scale, for training or validation?

Words are told apart by spaces, underscores, hyphens and dots, in any case, and BasicSR's short
forms (`GTmod12`, `LRbicx4`) are taken apart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from srkit_core.data.picture import Split

HR_NAMES: Final = frozenset({"hr", "hq", "gt", "highresolution", "highres", "hires"})
LR_NAMES: Final = frozenset({"lr", "lq", "lowresolution", "lowres", "lores"})
SUB: Final = "sub"
"""How BasicSR calls a folder of pictures that were cut into parts."""

_SHORT: Final = re.compile(r"(hr|hq|gt|lr|lq)(mod\d+|bic|bicubic)?(x?\d+)?")
_SCALE: Final = re.compile(r"x(\d+)|(\d+)x")
_SPLITS: Final[Mapping[str, Split]] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_ENDS: Final[Mapping[Split, str]] = {"train": "training", "val": "validation", "test": "a test"}


@dataclass(frozen=True)
class FolderSide:
    """A folder whose name says HR or LR, the words before and after, the scale that it names, and
    the number right behind, as in `hr2`, which may be a scale too.
    """

    folder: Path
    before: tuple[str, ...]
    after: tuple[str, ...]
    scale: int | None = None
    number: int | None = None

    @property
    def is_bare(self) -> bool:
        """Whether it is called nothing but HR or LR."""
        return not self.before and not self.after

    @property
    def split(self) -> Split:
        """What its pictures are for, "" where it does not say."""
        return split_said(self.folder.name)


def side_of(folder: Path, names: frozenset[str]) -> FolderSide | None:
    """Return what the name of a folder says, None where it has none of the words."""
    words = _words(folder.name)
    runs = [(at, 1, word) for at, word in enumerate(words)]
    runs += [(at, 2, "".join(both)) for at, both in enumerate(pairwise(words))]
    found = min(((at, length) for at, length, said in runs if said in names), default=None)
    if found is None:
        return None
    before, behind = words[: found[0]], words[sum(found) :]
    scales = [match for word in (*behind, *before) if (match := _SCALE.fullmatch(word))]
    number = int(behind[0]) if behind and behind[0].isdigit() else None
    return FolderSide(
        folder,
        tuple(word for word in before if not _SCALE.fullmatch(word)),
        tuple(word for word in behind if not _SCALE.fullmatch(word) and not word.isdigit()),
        int(scales[0][1] or scales[0][2]) if scales else None,
        number,
    )


def names_scale(folder: Path, scale: int | None) -> bool:
    """Whether the name of a folder begins with a scale, such as `X4` or `X4_sub`."""
    match = _SCALE.fullmatch(next(iter(_words(folder.name)), ""))
    return match is not None and int(match[1] or match[2]) == scale


def says_sub(folder: Path) -> bool:
    """Whether the name of a folder says that its pictures are parts of others."""
    return SUB in _words(folder.name)


def split_said(name: str) -> Split:
    """Return what the name of a folder says that its pictures are for, "" where it says nothing."""
    found: list[Split] = [_SPLITS[word] for word in _words(name) if word in _SPLITS]
    return found[0] if found else ""


def splits_by_folders(inside: Mapping[Path, Path]) -> dict[Path, Split]:
    """Return what pictures are for by the names of their folders, given as they lie below a place;
    nothing where these do not tell training from validation or a test.
    """
    said = {path: _first_said(below.parts[:-1]) for path, below in inside.items()}
    found = {split for split in said.values() if split}
    told = "train" in found and len(found) > 1
    return {path: split for path, split in said.items() if split} if told else {}


def _first_said(folders: Sequence[str]) -> Split:
    found: list[Split] = [split for split in map(split_said, folders) if split]
    return found[0] if found else ""


def splits_in_words(counts: Mapping[Split, int]) -> str:
    """Say how many pictures are for what."""
    return ", ".join(
        f"{counts[split]} for {use}" for split, use in _ENDS.items() if split in counts
    )


def _words(name: str) -> list[str]:
    words = [word for word in re.split(r"[ _.-]+", name.lower()) if word]
    matches = [_SHORT.fullmatch(word) for word in words]
    return [
        part
        for word, match in zip(words, matches, strict=True)
        for part in (filter(None, match.groups()) if match else (word,))
    ]
