"""How does a batch get hundreds of random numbers on the host, of a few operations?"""

from typing import Final

import torch

_BLOCK: Final = 512
_FRACTION: Final = 2**53 - 1
_SEEDS: Final = 2**62


class HostNumbers:
    """The numbers of a torch generator on the CPU, drawn many at a time and handed out in order.

    They are those that `torch.rand` in float64 and `torch.randint(2**62)` would draw one by one.
    """

    def __init__(self, seed: int) -> None:
        self._rng = torch.Generator().manual_seed(seed)
        self._words: list[int] = []

    def uniform(self, count: int) -> list[float]:
        """Return numbers in [0, 1)."""
        return [(word & _FRACTION) * 2.0**-53 for word in self._take(count)]

    def seeds(self, count: int) -> list[int]:
        """Return numbers in [0, 2**62)."""
        return [word % _SEEDS for word in self._take(count)]

    def _take(self, count: int) -> list[int]:
        while len(self._words) < count:
            block = torch.empty(_BLOCK, dtype=torch.int64).random_(generator=self._rng).tolist()
            self._words = block[::-1] + self._words
        first = len(self._words) - count
        taken = self._words[first:][::-1]
        del self._words[first:]
        return taken
