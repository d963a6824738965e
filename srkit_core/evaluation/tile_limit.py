"""How does a validation go on where memory runs out?"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from torch import Tensor

from srkit_core.models.model import Model
from srkit_core.specs import EVERYWHERE
from srkit_core.upscaling.tensor_tiles import exact_tiling
from srkit_core.upscaling.tiling import Tiling

_LEAST: Final = 32
"""The smallest tile that is tried, in LR pixels."""


class TileLimit:
    """Halves tiles where memory runs out, and remembers what fitted; `tell` is told."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._most: int | None = None

    def tiling(self, model: Model, lr: Tensor) -> Tiling:
        """Return the tiling for (B, 3, H, W): whole, or in tiles as large as fitted so far."""
        usual = exact_tiling(model, lr)
        if self._most is None:
            return usual
        return replace(usual, tile=min(usual.tile or max(lr.shape[-2:]), self._most))

    def halve(self, model: Model, lr: Tensor, picture: str) -> bool:
        """Keep to half of the tile in which (B, 3, H, W) did not fit; False where it is as small as
        they get, and this picture cannot be scored.
        """
        longest = max(lr.shape[-2:])
        tile = min(self.tiling(model, lr).tile or longest, longest) // 2
        ran_out = f"warning: memory ran out while {picture} was scored"
        if tile < _LEAST:
            self._tell(f"{ran_out}, in the smallest tiles too: it is left out")
            return False
        self._most = tile
        less = ", which see less than the whole picture" * (model.receptive >= EVERYWHERE)
        self._tell(f"{ran_out}: validation goes on in tiles of {tile} LR pixels{less}")
        return True
