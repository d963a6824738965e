"""How is a side of a picture cut into tiles, and what does the network see for each?"""

from collections.abc import Iterator
from dataclasses import dataclass

from srkit_core.errors import RecipeError
from srkit_core.upscaling.backends.interface import NetworkTraits


@dataclass(frozen=True)
class Tiling:
    """`tile` is the longest side of a tile in LR pixels (None: whole pictures), `overlap` the LR
    pixels seen around it, `blend` those of them on each side of a seam over which one tile passes
    into the next. Where the picture ends nothing is seen beyond, so that tiles there reach as much
    further.
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
    """Cut a side into tiles, for all of which the network sees equally much, as `window` says."""
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
    unit, overlap, seen = network.size_multiple, tiling.overlap, window(length, tiling, network)
    seen_start = max(start - overlap, 0) // unit * unit
    if seen_start + seen >= length:
        seen_start, seen_stop, stop = _up_to(unit, length - seen), length, length
    else:
        seen_stop = seen_start + seen
        stop = seen_stop - overlap
    made = max(start - tiling.blend, 0), min(stop + tiling.blend, length)
    return TileSpan(start, stop, *made, seen_start, seen_stop)


def window(length: int, tiling: Tiling, network: NetworkTraits) -> int:
    """Return how much of a side the network sees at a time: as little as so many tiles take, and
    the same for each, as engines are quicker with sides that they know.
    """
    beside = 2 * tiling.overlap
    own = length - beside
    if tiling.tile is None or own <= tiling.tile:
        return length
    even = -(-own // -(-own // tiling.tile))
    unit = network.size_multiple
    return min(max(_up_to(unit, max(even, unit) + beside), network.min_size), length)


def _up_to(unit: int, count: int) -> int:
    return -(-count // unit) * unit
