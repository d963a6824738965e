"""Which warp and which change of colours happen to a sample?"""

from __future__ import annotations

from math import pi, radians
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srkit_core.augmentation.affine import Warp
from srkit_core.augmentation.tint import Tint

if TYPE_CHECKING:
    from srkit_core.builtin.augmentations import Affine, Jitter

_LUMA = np.array([0.299, 0.587, 0.114])
"""ITU-R BT.601, section 2.5.1."""
_TO_YIQ = np.array([_LUMA, [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
"""NTSC: luma, orange to blue, purple to green."""
_GRAY = 127.5


def draw_warp(limits: Affine, rng: np.random.Generator) -> Warp:
    """Draw a warp: what is seen is sheared and zoomed, then rotated, then shifted."""
    angle, shear = (
        rng.uniform(-radians(limits.rotation), radians(limits.rotation)),
        rng.uniform(-limits.shear, limits.shear),
    )
    (shift_y, shift_x), (zoom_y, zoom_x) = (
        rng.uniform(-limits.shift, limits.shift, 2),
        rng.uniform(1 - limits.zoom, 1 + limits.zoom, 2),
    )
    sine, cosine = np.sin(angle), np.cos(angle)
    rotated = np.array([[cosine, -sine, shift_x], [sine, cosine, shift_y], [0, 0, 1]])
    warp: Warp = rotated @ np.array([[zoom_x, shear * zoom_y, 0], [0, zoom_y, 0], [0, 0, 1]])
    return warp


def draw_tint(limits: Jitter, rng: np.random.Generator) -> Tint:
    """Draw a change of colours: brightness, contrast, saturation, then hue."""
    ranges = (limits.brightness, limits.contrast, limits.saturation, limits.hue)
    brightness, contrast, saturation, turn = (rng.uniform(-limit, limit) for limit in ranges)
    map_of_colours = (
        (1 + contrast) * (1 + brightness) * (_turned(turn) @ _saturated(1 + saturation))
    )
    tint = np.eye(4)
    tint[:3, :3], tint[:3, 3] = map_of_colours, -_GRAY * contrast
    return tint


def _saturated(factor: float) -> NDArray[np.float64]:
    return factor * np.eye(3) + (1 - factor) * _LUMA


def _turned(turns: float) -> NDArray[np.float64]:
    sine, cosine = np.sin(2 * pi * turns), np.cos(2 * pi * turns)
    turned: NDArray[np.float64] = (
        np.linalg.inv(_TO_YIQ) @ [[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]] @ _TO_YIQ
    )
    return turned
