"""How are the colours of a picture jittered?"""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from srkit_core.augmentation import Jitter
    from srkit_core.io.images import Pixels

Tint: TypeAlias = NDArray[np.float64]
"""A linear map of (R, G, B, 1) in 0..255, 4 x 4."""

_LUMA = np.array([0.299, 0.587, 0.114])
"""ITU-R BT.601, section 2.5.1."""
_TO_YIQ = np.array([_LUMA, [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
"""NTSC: luma, orange to blue, purple to green."""
_GRAY = 127.5


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


def tinted(pixels: Pixels, tint: Tint) -> Pixels:
    """Return (H, W, 3) in other colours, rounded and clipped to 8 bits."""
    picture = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB", tuple(tint[:3].ravel()))
    return np.array(picture)


def _saturated(factor: float) -> NDArray[np.float64]:
    return factor * np.eye(3) + (1 - factor) * _LUMA


def _turned(turns: float) -> NDArray[np.float64]:
    sine, cosine = np.sin(2 * pi * turns), np.cos(2 * pi * turns)
    turned: NDArray[np.float64] = (
        np.linalg.inv(_TO_YIQ) @ [[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]] @ _TO_YIQ
    )
    return turned
