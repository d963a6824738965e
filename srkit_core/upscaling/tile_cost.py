"""What does it cost to cut a picture into tiles, in so many ways?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from srkit_core.upscaling.backends.interface import NetworkTraits
from srkit_core.upscaling.tiling import Tiling, spans, window

_LEAST: Final = 32
"""The smallest side of a tile that is tried."""


@dataclass(frozen=True)
class Cut:
    """How the height and the width of a picture are cut. `pixels` are the LR pixels that the
    network sees at a time, `cost` how many times those of the picture it sees in all, `is_whole`
    whether that is one window.
    """

    rows: Tiling
    columns: Tiling
    pixels: int
    cost: float
    is_whole: bool

    @property
    def tile(self) -> int | None:
        """The longest side of a tile in LR pixels, None where a side is not cut."""
        rows, columns = self.rows.tile, self.columns.tile
        return None if rows is None or columns is None else max(rows, columns)


def cut_of(size: tuple[int, int], tile: int | None, seams: Tiling, network: NetworkTraits) -> Cut:
    """Return the cut of LR of (height, width) into tiles of at most one side, None being whole."""
    tiling = replace(seams, tile=tile)
    rows, columns = (_side(length, tiling, network) for length in size)
    return _both(rows, columns, size)


def cuts_of(size: tuple[int, int], seams: Tiling, network: NetworkTraits) -> list[Cut]:
    """Return cuts of LR of (height, width) in so many rows and columns: the first is whole, the
    last of the smallest tiles that are tried. Rows come first, as a band of fewer of them is held.
    """
    down, across = ([*_sides(length, seams, network)] for length in size)
    return [_both(rows, columns, size) for columns in across for rows in down]


@dataclass(frozen=True)
class _Side:
    """A way to cut a side: how much is seen at a time, and in all."""

    tiling: Tiling
    window: int
    seen: int


def _sides(length: int, seams: Tiling, network: NetworkTraits) -> Iterator[_Side]:
    """Cut a side into one, two, three, and later by a sixteenth more tiles."""
    own, count = length - 2 * seams.overlap, 1
    while count == 1 or own >= count * _LEAST:
        tile = None if count == 1 else -(-own // count)
        yield _side(length, replace(seams, tile=tile), network)
        count += 1 + count // 16


def _side(length: int, tiling: Tiling, network: NetworkTraits) -> _Side:
    seen = sum(one.seen_stop - one.seen_start for one in spans(length, tiling, network))
    return _Side(tiling, window(length, tiling, network), seen)


def _both(rows: _Side, columns: _Side, size: tuple[int, int]) -> Cut:
    all_of_it, pixels = size[0] * size[1], rows.window * columns.window
    cost = rows.seen * columns.seen / all_of_it
    return Cut(rows.tiling, columns.tiling, pixels, cost, pixels >= all_of_it)
