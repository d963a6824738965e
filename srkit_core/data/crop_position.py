"""Where in a picture is a crop taken?"""

from collections.abc import Sequence

import numpy as np

from srkit_core.augmentation import AugmentStep, Centre, Salient
from srkit_core.io.images import Pixels


def draw_crop_position(
    steps: Sequence[AugmentStep], pixels: Pixels, patch: int, scale: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Draw the top left of a patch, on the LR grid, inside (H, W, 3) of at least its size: evenly
    but for what `steps` say.
    """
    margin, candidates = 0.0, 1
    for step in steps:
        happens = rng.random() < step.probability
        if happens and isinstance(step.what, Centre):
            margin = max(margin, step.what.margin)
        if happens and isinstance(step.what, Salient):
            candidates = max(candidates, step.what.of)
    positions = [
        even_crop_position(pixels.shape[0], pixels.shape[1], patch, scale, rng, margin=margin)
        for _ in range(candidates)
    ]
    return (
        positions[0]
        if candidates == 1
        else max(positions, key=lambda position: detail(pixels, position, patch))
    )


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
