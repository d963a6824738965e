"""Which pictures of one folder are HR and LR of each other, by their names?

As `img_001_SRF_4_HR` beside `img_001_SRF_4_LR`, `Canon_001_HR` beside `Canon_001_LR4`, `a_gt`
beside `a_lq`, `HR_a` beside `LR_a`, `0001HR` beside `0001LRx4`: the words of a name but for the one
that says HR or LR are the same, or LR says more of how it was made.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias

from srkit_core.data.folder_names import HR_NAMES, LR_NAMES
from srkit_core.same_name import name_key

_UNSEPARATED: Final = re.compile(r"(?<=\d)(?=(?:hr|hq|gt|lr|lq)(?:x?\d+)?$)")
"""Between a number and a word behind it, as in `0001HR`."""
_SCALED: Final = re.compile(r"([a-z]+?)x?(\d+)")
_SCALE: Final = re.compile(r"x(\d+)")
_Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class NamedSide:
    """A picture whose name says HR or LR: the words before and after, and the scale it names, None
    where it names none.
    """

    path: Path
    before: _Words
    after: _Words
    scale: int | None


def lr_beside_hr(pictures: Iterable[Path]) -> Mapping[Path, tuple[NamedSide, ...]]:
    """Return the LR pictures of each HR picture that has some in its own folder, by their names."""
    paths = tuple(pictures)
    named = LrNames(paths)
    found = {
        path: tuple(low for low in named.of(path) if low.path.parent == path.parent)
        for path in paths
    }
    return {path: lows for path, lows in found.items() if lows}


class LrNames:
    """Pictures whose names say LR, to be found by the name of their HR picture."""

    def __init__(self, pictures: Iterable[Path]) -> None:
        self._by_words = defaultdict[_Words, list[NamedSide]](list)
        for low in filter(None, (_side(path, LR_NAMES) for path in pictures)):
            self._by_words[low.before].append(low)

    def of(self, high: Path) -> tuple[NamedSide, ...]:
        """Return those that are LR of a picture, none where its name does not say HR."""
        side = _side(high, HR_NAMES)
        return (
            ()
            if side is None
            else tuple(
                low
                for low in self._by_words.get(side.before, ())
                if low.after == side.after or (side.before and not side.after)
            )
        )


def of_scale(lows: Iterable[NamedSide], scale: int | None) -> list[Path]:
    """Return the pictures that name a scale, or where none names it those that name none."""
    all_of_them = list(lows)
    named = [low.path for low in all_of_them if low.scale == scale]
    return named or [low.path for low in all_of_them if None in (low.scale, scale)]


def _side(path: Path, names: frozenset[str]) -> NamedSide | None:
    words = [
        word for word in re.split(r"[ _.-]+", _UNSEPARATED.sub("_", name_key(path.stem))) if word
    ]
    for at, word in enumerate(words):
        match = _SCALED.fullmatch(word)
        for length, said in ((1, match[1] if match else word), (2, "".join(words[at : at + 2]))):
            if said in names:
                before, after = words[:at], words[at + length :]
                kept = tuple(one for one in after if not _SCALE.fullmatch(one))
                scale = int(match[2]) if match and length == 1 else _named_scale(before, after)
                return NamedSide(path, tuple(before), kept, scale)
    return None


def _named_scale(before: list[str], after: list[str]) -> int | None:
    """Return the scale of words such as `x4`, or `SRF 4` as in the benchmarks of SelfExSR."""
    scales = [int(match[1]) for word in after if (match := _SCALE.fullmatch(word))]
    factor = [number for word, number in pairwise(before) if word == "srf"]
    return next(iter([*scales, *(int(one) for one in factor if one.isdigit())]), None)
