"""Do two pictures show the same, by a hash of what they look like?

The perceptual hash pHash (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash
Functions", section 3.1.1): which of the lowest frequencies of the small gray picture are above
their median. It outlives another size, another quality and slight changes of colour.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from srkit_core.io.images import Pixels

MOST_DIFFERENT = 3
"""So many of 64 bits may differ between near-duplicates (empirical).

The search in `NearDuplicates` relies on it.
"""

_SIDE, _LOW = 32, 8
_COSINES = np.cos(np.pi / _SIDE * np.outer(np.arange(_LOW), np.arange(_SIDE) + 0.5))
_WORDS = MOST_DIFFERENT + 1


def perceptual_hash(pixels: Pixels) -> int:
    """Return 64 bits of (H, W, 3) that are nearly the same for pictures that look the same."""
    small = Image.fromarray(pixels).resize((_SIDE, _SIDE), Image.Resampling.BOX).convert("L")
    low = (_COSINES @ np.asarray(small, dtype=np.float64) @ _COSINES.T).ravel()
    bits = np.packbits(low > np.median(low[1:]))
    return int.from_bytes(bits.tobytes(), "big")


class NearDuplicates:
    """The pictures that were kept so far, to be asked for one that looks like another.

    Of four words of 16 bits at least one is equal where at most three bits differ, so only pictures
    that share a word are compared.
    """

    def __init__(self) -> None:
        self._kept: list[dict[int, list[tuple[int, str]]]] = [{} for _ in range(_WORDS)]
        self._known = set[int]()

    def first_like(self, bits: int) -> str | None:
        """Return the first kept picture that looks the same."""
        return next(self.all_like(bits), None)

    def all_like(self, bits: int) -> Iterator[str]:
        """Yield the kept pictures that look the same, some of them several times."""
        for table, word in zip(self._kept, _words(bits), strict=True):
            for other, name in table.get(word, ()):
                if (bits ^ other).bit_count() <= MOST_DIFFERENT:
                    yield name

    def keep(self, bits: int, name: str) -> None:
        """Remember a picture; of several with the same hash the first stands for all."""
        if bits in self._known:
            return
        self._known.add(bits)
        for table, word in zip(self._kept, _words(bits), strict=True):
            table.setdefault(word, []).append((bits, name))


def _words(bits: int) -> list[int]:
    return [bits >> (16 * number) & 0xFFFF for number in range(_WORDS)]
