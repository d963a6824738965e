"""Where in a picture is a crop taken?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from srkit_core.io.images import Pixels

CropScore: TypeAlias = "Callable[[Pixels, tuple[int, int], int], float]"
"""From a picture (H, W, 3), the top left of a crop and its side to a number."""


@dataclass(frozen=True)
class CropChoice:
    """Which crops may be drawn: of `candidates`, each at least `margin` of each side away from the
    borders, the one whose `score` is largest (None: the first).
    """

    margin: float = 0.0
    candidates: int = 1
    score: CropScore | None = None

    def draw(
        self, pixels: Pixels, patch: int, scale: int, rng: np.random.Generator
    ) -> tuple[int, int]:
        """Draw the top left of a patch, on the LR grid, inside (H, W, 3) of at least its size."""
        height, width = pixels.shape[:2]
        drawn = [
            even_crop_position(height, width, patch, scale, rng, margin=self.margin)
            for _ in range(self.candidates)
        ]
        score = self.score
        return drawn[0] if score is None else max(drawn, key=lambda at: score(pixels, at, patch))


def even_crop_position(
    height: int,
    width: int,
    patch: int,
    scale: int,
    rng: np.random.Generator,
    *,
    margin: float = 0.0,
) -> tuple[int, int]:
    """Draw a place with equal chances, at least `margin` of each side away from the borders, or the
    centre where that is too much.
    """
    y, x = (
        _drawn((side - patch) // scale, int(side * margin) // scale, rng)
        for side in (height, width)
    )
    return y * scale, x * scale


def detail(pixels: Pixels, position: tuple[int, int], patch: int) -> float:
    """Return the gradient magnitude per pixel (sum of both axes) of a patch: of its green, at every
    second pixel, for speed.
    """
    y, x = position
    green = pixels[y : y + patch : 2, x : x + patch : 2, 1].astype(np.int16)
    return sum(float(np.abs(np.diff(green, axis=axis)).sum()) for axis in (0, 1)) / green.size


def _drawn(last: int, least: int, rng: np.random.Generator) -> int:
    return last // 2 if least and 2 * least >= last else int(rng.integers(least, last - least + 1))
