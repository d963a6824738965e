"""Which patches of a picture are worth keeping?"""

from itertools import product

from srkit_core.augmentation.crop_position import detail
from srkit_core.io.images import Pixels

FLAT = 0.5
"""A patch with a smaller mean gradient, in 8-bit steps a pixel, shows next to nothing (empirical).
"""


def corners(height: int, width: int, patch: int | None, stride: int) -> list[tuple[int, int]]:
    """Return the top left of each patch, row by row.

    The last of a row or column is moved inside, so that no border is lost.

    Without `patch` the whole picture is one; of a picture that is smaller than a patch there are
    none.
    """
    if patch is None:
        return [(0, 0)]
    return list(product(_starts(height, patch, stride), _starts(width, patch, stride)))


def worthwhile(pixels: Pixels, positions: list[tuple[int, int]], patch: int | None) -> list[bool]:
    """Say of each patch of (H, W, 3) whether it shows something."""
    side = patch or max(pixels.shape)
    return [detail(pixels, position, side) >= FLAT for position in positions]


def _starts(side: int, patch: int, stride: int) -> list[int]:
    if side < patch:
        return []
    last = side - patch
    return sorted({*range(0, last + 1, stride), last})
