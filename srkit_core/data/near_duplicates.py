"""Which pictures of a data source show the same under other names, so that no split may part them?

Files of equal content always; of pictures of equal size also those that look the same when both are
made very small, such as copies in another format or quality.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from srkit_core.data.picture import Picture
from srkit_core.data.picture_digest import equal_pictures
from srkit_core.data.shards import ENDING
from srkit_core.errors import DataError
from srkit_core.io.images import Pixels, read_image

MOST_PIXELS_COMPARED: Final = 500_000_000
MOST_PICTURES_COMPARED: Final = 20_000
"""So many pixels of so many pictures are read to find copies in another encoding, which takes
seconds (empirical)."""
_SIDE: Final = 16
_MOST_DIFFERENT: Final = 5.0
_SHARE_OF_CONTRAST: Final = 0.12
"""The mean difference of small gray pictures up to which they show the same: of 255, and as a share
of their standard deviation (empirical: a JPEG of quality 30 changes less than 0.06 of it, the other
eye of a stereo pair 0.4)."""
_THREADS: Final = 4


@dataclass(frozen=True)
class Grouped:
    """Pictures with groups that hold everything that shows the same; `remarks` say what was not
    looked for.
    """

    pictures: tuple[Picture, ...]
    remarks: tuple[str, ...] = ()


def join_copies(pictures: Sequence[Picture], most_pixels: int = MOST_PIXELS_COMPARED) -> Grouped:
    """Put pictures that show the same into one group.

    A group that grows is called by the smallest of its names. Raises DataError when a file is gone.
    """
    pairs = [(one.group, same[0].group) for same in equal_pictures(pictures) for one in same[1:]]
    equal = _renamed(pictures, pairs)
    suspects = list(_of_equal_size(equal))
    amount = sum(one.height * one.width for one in suspects)
    if amount > most_pixels or len(suspects) > MOST_PICTURES_COMPARED:
        remark = (
            f"{len(suspects)} pictures of equal sizes are too many to look for copies in another "
            "encoding, which a split may part; srkit prepare finds and leaves them out"
        )
        return Grouped(equal, (remark,))
    return Grouped(_renamed(equal, _alike(suspects)))


def joined_groups(groups: Iterable[str], pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return the new name of every group, of groups that are the same the smallest."""
    leader = {group: group for group in groups}

    def find(group: str) -> str:
        while leader[group] != group:
            group = leader[group]
        return group

    for one, other in pairs:
        first, second = sorted((find(one), find(other)))
        leader[second] = first
    return {group: find(group) for group in leader}


def _renamed(pictures: Sequence[Picture], pairs: Iterable[tuple[str, str]]) -> tuple[Picture, ...]:
    names = joined_groups((one.group for one in pictures), pairs)
    return tuple(replace(one, group=names[one.group]) for one in pictures)


def _of_equal_size(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """Yield, of each group, the first picture of a size that another group has too."""
    by_size = defaultdict[tuple[int, int], dict[str, Picture]](dict)
    for one in pictures:
        if not one.origin and one.path.suffix != ENDING:
            by_size[one.height, one.width].setdefault(one.group, one)
    for groups in by_size.values():
        if len(groups) > 1:
            yield from groups.values()


def _alike(pictures: Sequence[Picture]) -> Iterator[tuple[str, str]]:
    with ThreadPoolExecutor(_THREADS) as threads:
        looks = list(threads.map(_look, pictures))
    by_size = defaultdict[tuple[int, int], list[tuple[str, Pixels]]](list)
    for one, look in zip(pictures, looks, strict=True):
        if look is not None:
            by_size[one.height, one.width].append((one.group, look))
    for same in by_size.values():
        yield from _close([group for group, _ in same], np.stack([look for _, look in same]))


def _close(groups: Sequence[str], looks: Pixels) -> Iterator[tuple[str, str]]:
    """Yield the groups whose small pictures differ little; where their means differ more, these do
    not.
    """
    small = looks.reshape(len(looks), -1).astype(np.float32)
    means, most = small.mean(axis=1), _SHARE_OF_CONTRAST * small.std(axis=1)
    order = np.argsort(means)
    ends = np.searchsorted(means[order], means[order] + _MOST_DIFFERENT, side="right")
    for place, end in enumerate(ends):
        one, others = order[place], order[place + 1 : end]
        distances = np.abs(small[others] - small[one]).mean(axis=1)
        allowed = np.minimum(np.minimum(most[others], most[one]), _MOST_DIFFERENT)
        for other in others[distances <= allowed]:
            yield groups[one], groups[other]


def _look(picture: Picture) -> Pixels | None:
    """Return a picture very small, None of one that cannot be read."""
    try:
        return _small(picture.path, picture.path.stat().st_mtime_ns)
    except (DataError, OSError):
        return None  # whoever trains on it says so


@lru_cache(maxsize=100_000)
def _small(path: Path, _mtime: int) -> Pixels:
    pixels = Image.fromarray(read_image(path)).convert("L")
    return np.asarray(pixels.resize((_SIDE, _SIDE), Image.Resampling.BOX))
