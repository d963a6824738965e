"""Which crop is sample number i of a stage?

Randomness is a function of (seed, stage, sample): any process can start anywhere in the sequence.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from srkit_core.data.augment import View
from srkit_core.expressions import Chain
from srkit_core.io.images import Pixels

_ORDER, _CROP = 0, 1


@dataclass(frozen=True)
class CropRule:
    """How crops of a stage are drawn: `patch` and `margin` in HR pixels, both multiples of `scale`."""

    patch: int
    scale: int
    margin: int
    seed: int
    stage: int
    augment: Chain

    @property
    def window(self) -> int:
        """Side of what is cut out: the patch with its margin on both sides."""
        return self.patch + 2 * self.margin


@dataclass(frozen=True)
class Crop:
    """A patch inside its window: `corner` is the patch's top left in the seen window, in HR pixels."""

    window: Pixels
    corner: tuple[int, int]


def picture_of(rule: CropRule, index: int, pictures: int) -> int:
    """Return which picture sample `index` is from: every picture once an epoch, in an order drawn per epoch."""
    epoch, place = divmod(index, pictures)
    return int(_order(rule.seed, rule.stage, epoch, pictures)[place])


def sample_rng(rule: CropRule, index: int) -> np.random.Generator:
    """Return the source of randomness of one sample."""
    return np.random.default_rng((rule.seed, rule.stage, _CROP, index))


def random_place(rule: CropRule, height: int, width: int, rng: np.random.Generator) -> tuple[int, int]:
    """Draw the top left of a patch, on the LR grid, inside a picture cut to a multiple of the scale."""
    y, x = (int(rng.integers((side - rule.patch) // rule.scale + 1)) for side in (height, width))
    return y * rule.scale, x * rule.scale


def centre_place(rule: CropRule, height: int, width: int) -> tuple[int, int]:
    """Return the top left of the central patch, on the LR grid."""
    y, x = ((side - rule.patch) // 2 // rule.scale for side in (height, width))
    return y * rule.scale, x * rule.scale


def cut(rule: CropRule, pixels: Pixels, place: tuple[int, int], view: View) -> Crop:
    """Cut the window of a patch and look at it from a side.

    The window lies inside the picture, so that at its border the degradation meets the real border; where a picture is
    smaller than the window it is continued by its mirror image, which is the `symmetric` border of the resizers.
    """
    usable = _on_grid(pixels, rule.scale)
    top, left = (_window_start(at, side, rule) for at, side in zip(place, usable.shape[:2], strict=True))
    window = usable[top : top + rule.window, left : left + rule.window]
    lacking = [(0, rule.window - side) for side in window.shape[:2]]
    full = np.pad(window, (*lacking, (0, 0)), mode="symmetric") if any(after for _, after in lacking) else window
    corner = view.corner(place[0] - top, place[1] - left, rule.window, rule.patch)
    return Crop(np.ascontiguousarray(view.of(full)), corner)


def _window_start(at: int, side: int, rule: CropRule) -> int:
    return max(min(at - rule.margin, side - rule.window), 0)


def _on_grid(pixels: Pixels, scale: int) -> Pixels:
    height, width = (side // scale * scale for side in pixels.shape[:2])
    return pixels[:height, :width]


@lru_cache(maxsize=4)
def _order(seed: int, stage: int, epoch: int, pictures: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, stage, _ORDER, epoch)).permutation(pictures)
