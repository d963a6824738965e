"""What does a picture look like rotated, shifted, sheared and zoomed?"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

if TYPE_CHECKING:
    from srkit_core.io.images import Pixels

Warp: TypeAlias = NDArray[np.float64]
"""Where a seen point (x, y, 1) comes from in the picture, 3 x 3, in sides of the crop from the
crop's centre.
"""

_REACH = 2
"""Pixels on either side that bicubic interpolation looks at."""


@dataclass(frozen=True)
class Frame:
    """What is to be seen of a warped picture: a rectangle of it in pixels, and the crop's centre
    (y, x) and side.
    """

    top: int
    left: int
    height: int
    width: int
    centre: tuple[float, float]
    side: int


def warped(pixels: Pixels, warp: Warp, frame: Frame) -> Pixels:
    """Return a rectangle of a warped picture (H, W, 3), uint8 (height, width, 3).

    Only the part of the picture that is looked at is read. A point beyond its border has the colour
    of the nearest pixel.
    """
    matrix = _in_pixels(warp, frame)
    corners = matrix @ [
        [0, frame.width - 1, 0, frame.width - 1],
        [0, 0, frame.height - 1, frame.height - 1],
        [1, 1, 1, 1],
    ]
    left, right = _span(corners[0], pixels.shape[1])
    top, bottom = _span(corners[1], pixels.shape[0])
    source = (
        torch.from_numpy(np.ascontiguousarray(pixels[top:bottom, left:right]))
        .permute(2, 0, 1)[None]
        .float()
    )
    inside = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]]) @ matrix
    theta = (
        np.linalg.inv(_from_unit(right - left, bottom - top))
        @ inside
        @ _from_unit(frame.width, frame.height)
    )
    grid = F.affine_grid(
        torch.from_numpy(theta[None, :2]).float(),
        [1, 3, frame.height, frame.width],
        align_corners=False,
    )
    seen = F.grid_sample(source, grid, mode="bicubic", padding_mode="border", align_corners=False)
    result: Pixels = seen[0].round_().clamp_(0, 255).byte().permute(1, 2, 0).contiguous().numpy()
    return result


def _in_pixels(warp: Warp, frame: Frame) -> Warp:
    """Return where a pixel (x, y, 1) of the rectangle comes from, in pixels of the picture."""
    (y, x), side = frame.centre, frame.side
    from_centre = np.array([[1, 0, frame.left - x], [0, 1, frame.top - y], [0, 0, side]]) / side
    return np.array([[side, 0, x], [0, side, y], [0, 0, 1]]) @ warp @ from_centre


def _span(coordinates: NDArray[np.float64], side: int) -> tuple[int, int]:
    """Return which pixels of a side are looked at, at least one."""
    first = min(max(floor(coordinates.min()) - _REACH, 0), side - 1)
    return first, min(max(ceil(coordinates.max()) + _REACH + 1, first + 1), side)


def _from_unit(width: int, height: int) -> Warp:
    """Return how torch's coordinates, from -1 to 1 between the outer borders, become pixels."""
    return np.array([[width / 2, 0, (width - 1) / 2], [0, height / 2, (height - 1) / 2], [0, 0, 1]])
