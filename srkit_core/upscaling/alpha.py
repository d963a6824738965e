"""How does the alpha of a picture become larger, a band of rows at a time?

By bicubic interpolation (Keys 1981, a = -0.75), whatever upscales the colours.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from srkit_core.io.raster import Samples

_SHARPNESS: Final = -0.75
"""The parameter a of Keys 1981, eq. 4, as torch and OpenCV have it."""
_ROWS: Final = 32
"""So many rows of LR are interpolated at a time, which bounds what floats take."""

_Floats = NDArray[np.float32]
_Taps = list[tuple[NDArray[np.int64], _Floats]]


def larger_alpha(alpha: Samples, scale: int, start: int, stop: int) -> Samples:
    """Return the rows that rows [start, stop) of alpha (H, W) become, (scale*(stop-start), scale*W)
    of the same type.
    """
    larger: Samples = np.empty(((stop - start) * scale, alpha.shape[1] * scale), dtype=alpha.dtype)
    columns = _taps(alpha.shape[1], scale, 0, alpha.shape[1])
    for first in range(start, stop, _ROWS):
        last = min(first + _ROWS, stop)
        rows = _taps(len(alpha), scale, first, last)
        high = np.add.reduce([alpha[index] * weight[:, None] for index, weight in rows])
        both = np.add.reduce([high[:, index] * weight for index, weight in columns])
        full = np.iinfo(alpha.dtype).max
        larger[(first - start) * scale : (last - start) * scale] = np.rint(both).clip(0, full)
    return larger


def _taps(length: int, scale: int, start: int, stop: int) -> _Taps:
    """Return the four samples of a side, and their weights, that each output sample is made of."""
    place = (np.arange(start * scale, stop * scale) + 0.5) / scale - 0.5
    below = np.floor(place).astype(np.int64)
    return [
        (
            (below + offset).clip(0, length - 1),
            _weight(np.abs(place - below - offset)).astype(np.float32),
        )
        for offset in (-1, 0, 1, 2)
    ]


def _weight(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    a, d = _SHARPNESS, distance
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, far)
