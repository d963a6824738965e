"""Which tile is taken for a picture: as large as pays and as memory allows?"""

from dataclasses import replace
from math import isqrt
from typing import Final

from srkit_core.io.raster import Samples
from srkit_core.specs import EVERYWHERE
from srkit_core.upscaling.backends.interface import Backend, NetworkTraits
from srkit_core.upscaling.tiling import Tiling

HOST_BUDGET: Final = 2**30
"""Bytes that a tile may take on a CPU, whatever is free: a larger one is no faster (empirical)."""
_WHOLE: Final = 1024 * 1024
"""So many LR pixels are taken whole where the budget allows it."""
_SMALL: Final = 128 * 128
"""So many LR pixels are taken whole, and nobody asks whether they fit."""
_PAYS: Final = 1.1
"""A tile is not made larger than where overlap costs so many times a whole picture."""
_LEAST: Final = 32
"""The smallest tile that is tried when memory runs out."""
_UNKNOWN_BYTES: Final = 768
"""Bytes an output pixel takes in a network that does not tell: 64 channels of float at its size,
twice, and half as much beside.
"""
LARGEST_OVERLAP: Final = 32
"""Up to so much of a receptive field is seen whole around a tile; of a larger one, and where the
whole picture matters, so much (empirical).
"""


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

    def tiling(self, backend: Backend, size: tuple[int, int]) -> Tiling:
        """Return the tiling for LR of (height, width)."""
        seams = seams_of(backend, self._overlap)
        tile = self._asked or _affordable(backend, size, seams)
        if self._most is not None:
            tile = min(tile or max(size), self._most)
        return replace(seams, tile=tile)

    def halved(self, tiling: Tiling, lr: Samples) -> Tiling | None:
        """Return one of half the tile for (H, W, 3), and keep to it from now on; None where the
        tile was asked for, or is as small as they get.
        """
        longest = max(lr.shape[:2])
        tile = min(tiling.tile or longest, longest) // 2
        if self._asked is not None or tile < _LEAST:
            return None
        self._most = tile
        return replace(tiling, tile=tile)


def seams_of(network: NetworkTraits, overlap: int | None = None) -> Tiling:
    """Return whole pictures with the overlap that tiles of them would have: what was asked for,
    else the receptive field, or 32 pixels of a larger one.

    An overlap that does not cover the receptive field is blended over half of it.
    """
    reach = min(network.receptive, LARGEST_OVERLAP) if overlap is None else overlap
    return Tiling(None, reach, 0 if reach >= network.receptive else reach // 2)


def _affordable(backend: Backend, size: tuple[int, int], seams: Tiling) -> int | None:
    if size[0] * size[1] <= _SMALL:
        return None
    pixels = _budget(backend) // (backend.pixel_bytes() or _UNKNOWN_BYTES * backend.scale**2)
    if size[0] * size[1] <= (pixels if backend.receptive >= EVERYWHERE else min(pixels, _WHOLE)):
        return None
    pays = int(2 * seams.overlap / (_PAYS**0.5 - 1))
    return max(min(isqrt(pixels) - 2 * seams.overlap, max(pays, 256)), _LEAST)


def _budget(backend: Backend) -> int:
    """Return how many bytes a tile may take: half of what is free where it is computed."""
    free = backend.free_bytes()
    on_host = backend.device == "cpu" and backend.receptive < EVERYWHERE
    if free is None:
        return HOST_BUDGET
    return min(free // 2, HOST_BUDGET) if on_host else free // 2
