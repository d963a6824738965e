"""How is a side of a picture cut into tiles, and what does the network see for each?"""

from collections.abc import Iterator
from dataclasses import dataclass

from srkit_core.errors import RecipeError
from srkit_core.upscaling.backends.interface import NetworkTraits


@dataclass(frozen=True)
class Tiling:
    """`tile` is the longest side of a tile in LR pixels (None: whole pictures), `overlap` the LR
    pixels seen around it, `blend` those of them on each side of a seam over which one tile passes
    into the next.
    """

    tile: int | None = None
    overlap: int = 0
    blend: int = 0

    def __post_init__(self) -> None:
        if (self.tile is not None and self.tile < 1) or self.overlap < 0:
            raise RecipeError(
                f"a tile of {self.tile} with overlap {self.overlap} covers nothing",
                hint="--tile 256 --overlap 32",
            )

    @property
    def cost(self) -> float:
        """How many times the work of a whole picture it takes: what tiles see of their neighbours
        is computed twice.
        """
        return 1.0 if self.tile is None else (1 + 2 * self.overlap / self.tile) ** 2


@dataclass(frozen=True)
class TileSpan:
    """A stretch of a side in LR pixels: the tile is [start, stop), [made_start, made_stop) of what
    the network makes is kept, it sees [seen_start, seen_stop).
    """

    start: int
    stop: int
    made_start: int
    made_stop: int
    seen_start: int
    seen_stop: int

    def within(self, scale: int) -> slice:
        """Return where what is kept lies in what the network made."""
        first = self.made_start - self.seen_start
        return slice(first * scale, (first + self.made_stop - self.made_start) * scale)

    def outer(self, scale: int) -> slice:
        """Return where what is kept lies in the whole."""
        return slice(self.made_start * scale, self.made_stop * scale)


def spans(length: int, tiling: Tiling, network: NetworkTraits) -> Iterator[TileSpan]:
    """Cut a side into tiles of about one length, the last the shortest."""
    start = 0
    while start < length:
        span = next_span(start, length, tiling, network)
        yield span
        start = span.stop


def next_span(start: int, length: int, tiling: Tiling, network: NetworkTraits) -> TileSpan:
    """Return the tile of a side that begins at `start`.

    What the network sees has the place and size it wants, so it is padded only where the picture
    ends.
    """
    unit, smallest, overlap = network.size_multiple, network.min_size, tiling.overlap
    left = length - start
    count = -(-left // (tiling.tile or left))
    stop = start + -(-left // count)
    seen_stop = min(-(-max(stop + overlap, smallest) // unit) * unit, length)
    seen_start = max(min(start - overlap, seen_stop - smallest), 0) // unit * unit
    made = max(start - tiling.blend, 0), min(stop + tiling.blend, length)
    return TileSpan(start, stop, *made, seen_start, seen_stop)
