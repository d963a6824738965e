"""Which tiles are taken for a picture: as large as pays and as memory allows?"""

from typing import Final

from srkit_core.io.raster import Samples
from srkit_core.specs import EVERYWHERE
from srkit_core.upscaling.backends.interface import Backend, NetworkTraits
from srkit_core.upscaling.tile_cost import Cut, cut_of, cuts_of
from srkit_core.upscaling.tiling import Tiling

HOST_BUDGET: Final = 2**30
"""Bytes that a tile may take on a CPU, whatever is free, where tiles of that pay."""
PAYS: Final = 1.1
"""Tiles are not made larger than where overlap costs so many times a whole picture: twice the
memory would save a thirtieth of the time.
"""
PAYS_BEYOND: Final = 1.25
"""As `PAYS`, of tiles beyond HOST_BUDGET, where twice the memory saves a twelfth."""
_WHOLE: Final = 1024 * 1024
"""So many LR pixels are taken whole where the budget allows it."""
_WORTH: Final = 256 * 256
"""Windows of fewer LR pixels save no memory that anybody misses."""
_SMALL: Final = 128 * 128
"""So many LR pixels are taken whole, and nobody asks whether they fit."""
_UNKNOWN_BYTES: Final = 768
"""Bytes an output pixel takes in a network that does not tell: 64 channels of float at its size,
twice, and half as much beside.
"""
SEEN_OF_EVERYWHERE: Final = 32
"""LR pixels that tiles see of their neighbours where the whole picture matters (empirical)."""

_EVERYWHERE_NOTE: Final = (
    "there was no memory for the whole picture: its tiles differ a little from it, as the network "
    "computes something from all it sees"
)
_DEAR: Final = 1.5
"""From so many times a whole picture's work on a person is told what saves as much of it."""
_QUICK: Final = 16


class TileChoice:
    """Chooses tiles for the pictures of a batch, and remembers what did not fit into memory.

    `tile` and `overlap` are what was asked for, in LR pixels.
    """

    def __init__(self, tile: int | None = None, overlap: int | None = None) -> None:
        self._asked = tile
        self._overlap = overlap
        self._most: int | None = None

    @property
    def is_asked(self) -> bool:
        """Whether a tile was asked for."""
        return self._asked is not None

    def cut(self, backend: Backend, size: tuple[int, int]) -> Cut:
        """Return how LR of (height, width) is cut."""
        seams = seams_of(backend, self._overlap)
        if self._asked is not None:
            return cut_of(size, self._asked, seams, backend)
        if self._most is None and size[0] * size[1] <= _SMALL:
            return cut_of(size, None, seams, backend)
        return _chosen(cuts_of(size, seams, backend), backend, self._most)

    def notes(self, backend: Backend, size: tuple[int, int]) -> tuple[str, ...]:
        """Return what a person ought to know of how LR of (height, width) was cut."""
        cut = self.cut(backend, size)
        if cut.is_whole:
            return ()
        if backend.receptive >= EVERYWHERE:
            return (_EVERYWHERE_NOTE,)
        quick = TileChoice(self._asked, _QUICK).cut(backend, size)
        if self._overlap is not None or cut.cost < _DEAR or quick.cost > cut.cost / _DEAR:
            return ()
        return (
            f"its tiles see {cut.rows.overlap} pixels of each other, which takes {cut.cost:.1f} "
            f"times a whole picture's work; --overlap {_QUICK} takes {quick.cost:.1f}, with seams",
        )

    def halved(self, backend: Backend, lr: Samples, cut: Cut) -> Cut | None:
        """Return how (H, W, 3) is cut into windows of half the sides, of which no larger ones are
        taken from now on; None where the tile was asked for, or is as small as they get.
        """
        if self._asked is not None:
            return None
        self._most = cut.pixels // 4
        smaller = self.cut(backend, lr.shape[:2])
        return smaller if smaller.pixels < cut.pixels else None


def seams_of(network: NetworkTraits, overlap: int | None = None) -> Tiling:
    """Return whole pictures with the overlap that tiles of them would have: what was asked for,
    else what the generator declares as the pixels that matter, or 32 where all of them do.

    An overlap of less than matters is blended over half of it.
    """
    near = SEEN_OF_EVERYWHERE if network.receptive >= EVERYWHERE else network.receptive
    reach = near if overlap is None else overlap
    return Tiling(None, reach, 0 if reach >= network.receptive else reach // 2)


def _chosen(cuts: list[Cut], backend: Backend, most: int | None) -> Cut:
    """Return the cut whose windows are as large as pays, of those that fit into memory.

    Where the whole picture matters windows cannot be too large.
    """
    each = backend.pixel_bytes() or _UNKNOWN_BYTES * backend.scale**2
    free = backend.free_bytes()
    room = (HOST_BUDGET if free is None else free // 2) // each
    room = room if most is None else min(room, most)
    if backend.receptive >= EVERYWHERE:
        return _paying(cuts, room, 1)
    usual = room if backend.device != "cpu" else min(room, HOST_BUDGET // each)
    if cuts[0].pixels <= min(usual, _WHOLE):
        return cuts[0]
    found = _paying(cuts, usual, PAYS)
    return found if found.cost <= PAYS else _paying(cuts, room, PAYS_BEYOND)


def _paying(cuts: list[Cut], room: int, pays: float) -> Cut:
    """Return the cut of the smallest windows that costs at most so much, else the one that costs
    least; where none has room, the one of the smallest windows.
    """
    fitting = [one for one in cuts if one.pixels <= room]
    if not fitting:
        return min(cuts, key=lambda one: one.pixels)
    enough = [one for one in fitting if one.cost <= pays]
    if enough:
        return min(enough, key=lambda one: (max(one.pixels, _WORTH), one.cost))
    return min(fitting, key=lambda one: (one.cost, one.pixels))
