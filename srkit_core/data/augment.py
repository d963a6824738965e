"""From which side is a crop seen?"""

from dataclasses import dataclass

import numpy as np

from srkit_core.expressions import Chain
from srkit_core.io.images import Pixels


@dataclass(frozen=True)
class View:
    """A horizontal flip, then so many quarter turns counterclockwise."""

    flip: bool = False
    turns: int = 0

    def of(self, pixels: Pixels) -> Pixels:
        """Return a copy of (H, W, 3) seen this way."""
        wholes = pixels.view(f"V{pixels.shape[2] * pixels.itemsize}")[..., 0]  # moved whole, three times as fast as channel by channel
        seen = np.ascontiguousarray(np.rot90(wholes[:, ::-1] if self.flip else wholes, self.turns))
        return seen.view(pixels.dtype).reshape(*seen.shape, pixels.shape[2])

    def corner(self, y: int, x: int, height: int, width: int, side: int) -> tuple[int, int]:
        """Return where the top left corner of a square of `side` goes when the (height, width) around it is seen this way."""
        x = width - side - x if self.flip else x
        for _ in range(self.turns):
            y, x, height, width = width - side - x, y, width, height
        return y, x


def draw_view(augment: Chain, rng: np.random.Generator) -> View:
    """Draw a view for one sample: `flip` flips every second picture, `turn` draws one of four quarter turns."""
    flip, turns = False, 0
    for item in augment.items:
        happens = rng.random() < item.probability
        if happens and item.call.name == "flip":
            flip = bool(rng.integers(2))
        if happens and item.call.name == "turn":
            turns = int(rng.integers(4))
    return View(flip, turns)
