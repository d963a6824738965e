"""How are the colours of a picture jittered?"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from srkit_core.io.images import Pixels

Tint: TypeAlias = NDArray[np.float64]
"""A linear map of (R, G, B, 1) in 0..255, 4 x 4."""


def tinted(pixels: Pixels, tint: Tint) -> Pixels:
    """Return (H, W, 3) in other colours, rounded and clipped to 8 bits."""
    picture = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB", tuple(tint[:3].ravel()))
    return np.array(picture)
