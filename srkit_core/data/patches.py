"""Which crop is sample number i of a run?

Randomness is a function of (seed, sample): any process can start anywhere in the sequence.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from srkit_core.augmentation import Augment
from srkit_core.augmentation.affine import Frame
from srkit_core.augmentation.pixel_change import PixelChange
from srkit_core.augmentation.view import View
from srkit_core.io.images import Pixels

_ORDER, _CROP = (0, 0), (0, 1)
_UNCHANGED = PixelChange()


@dataclass(frozen=True)
class CropRule:
    """How crops of a stage are drawn: `patch` and `margin` in HR pixels, multiples of `scale`."""

    patch: int
    scale: int
    margin: int
    seed: int
    augment: Augment

    @property
    def window(self) -> int:
        """Side of what is cut out where the picture has it: the patch with its margin on both
        sides.
        """
        return self.patch + 2 * self.margin


@dataclass(frozen=True)
class Crop:
    """A patch inside its window: `corner` is its top left in the seen window, in HR pixels."""

    window: Pixels
    corner: tuple[int, int]


def picture_of(rule: CropRule, index: int, pictures: int) -> int:
    """Return which of so many pictures sample `index` is from: every picture once an epoch, in an
    order drawn per epoch.
    """
    epoch, position = divmod(index, pictures)
    return int(_order(rule.seed, epoch, pictures)[position])


def sample_rng(rule: CropRule, index: int) -> np.random.Generator:
    """Return the source of randomness of one sample."""
    return np.random.default_rng((rule.seed, *_CROP, index))


def centre_crop_position(rule: CropRule, height: int, width: int) -> tuple[int, int]:
    """Return the top left of the central patch, on the LR grid."""
    y, x = ((side - rule.patch) // 2 // rule.scale for side in (height, width))
    return y * rule.scale, x * rule.scale


def cut(
    rule: CropRule,
    pixels: Pixels,
    position: tuple[int, int],
    view: View,
    change: PixelChange = _UNCHANGED,
) -> Crop:
    """Cut the window of a patch from a picture of whole LR pixels, (H, W, 3), change it, and look
    at it from a side.

    The window lies inside the picture, so that at its border the degradation meets the real border;
    it is smaller than `rule.window` where the picture is. A warp is of the whole picture about the
    centre of the patch.
    """
    top, left = (
        max(min(at - rule.margin, side - rule.window), 0)
        for at, side in zip(position, pixels.shape[:2], strict=True)
    )
    height, width = (min(rule.window, side) for side in pixels.shape[:2])
    centre = position[0] + (rule.patch - 1) / 2, position[1] + (rule.patch - 1) / 2
    window = change.of(pixels, Frame(top, left, height, width, centre, rule.patch))
    corner = view.corner(position[0] - top, position[1] - left, height, width, rule.patch)
    return Crop(view.of(window), corner)


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, pictures: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, *_ORDER, epoch)).permutation(pictures)
