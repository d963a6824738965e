"""How is a whole picture of 8 bit made smaller without torch, to the bit as `interpolation` does?

A process that only writes pictures is spared torch's import, which takes longer than a picture.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from srkit_core.builtin import Border, Kernel
from srkit_core.builtin.interpolation_weights import (
    HALF,
    RowNumbers,
    exact_in_float32,
    period_weights,
    rows_outside,
)

_Pixels = npt.NDArray[np.uint8]
_Sums = npt.NDArray[np.floating]

_PERIODS: Final = 8
"""So many rows of the result come of one matrix product: a larger one multiplies more zeros, a
smaller one is no work for it (empirical).
"""
_CACHED: Final = 2**18
"""Pixels that are resized at a time, so that what is between the passes stays in the cache
(empirical).
"""


class ShrinkPixels:
    """Makes a picture `factor` times smaller: uint8 (H, W, C) -> uint8 (ceil(H / factor), ceil(W /
    factor), C), rounded to 8 bit after each pass, as `Shrink` with `quantise`.

    Sums are float32 where that is proven to be exact, else float64. Both round alike what `HALF`
    says, so kernels of which it knows nothing are not for it.
    """

    def __init__(self, kernel: Kernel, factor: int, *, border: Border) -> None:
        self._above, weights = period_weights(kernel, factor, 1)
        self._border: Border = border
        self._factor, self._rest = factor, len(weights) - factor
        self._matrix = _banded(
            weights[:, 0].astype(np.float32 if exact_in_float32(weights) else np.float64), factor
        )

    def __call__(self, hr: _Pixels, /) -> _Pixels:
        """Return LR; nothing is random."""
        height, width, channels = hr.shape
        columns = self._rows(0, -(-width // self._factor), width)
        small = np.empty(
            (-(-height // self._factor), -(-width // self._factor), channels), np.uint8
        )
        band = max(_CACHED // (width * self._factor), 1)
        for top in range(0, len(small), band):
            bottom = min(top + band, len(small))
            rows = self._pass(hr[self._rows(top, bottom, height)], bottom - top)
            turned = rows.transpose(1, 0, 2)[columns]
            small[top:bottom] = self._pass(turned, small.shape[1]).transpose(1, 0, 2)
        return small

    def _rows(self, first: int, last: int, side: int) -> RowNumbers:
        """Return the rows of a side that the periods from `first` to `last` need, in whole
        products.
        """
        periods = -(-(last - first) // _PERIODS) * _PERIODS
        start = first * self._factor - self._above
        rows = np.arange(start, start + periods * self._factor + self._rest)
        return rows_outside(rows, side, self._border)

    def _pass(self, rows: npt.NDArray[np.generic], count: int) -> _Pixels:
        """Resize the vertical side of (R, W, C) to `count` rows."""
        _, width, channels = rows.shape
        column: _Sums = np.ascontiguousarray(rows, self._matrix.dtype).reshape(len(rows), -1)
        step, windows = _PERIODS * self._factor, -(-count // _PERIODS)
        seen = as_strided(
            column,
            (windows, self._matrix.shape[1], column.shape[1]),
            (step * column.strides[0], *column.strides),
            writeable=False,
        )
        sums: _Sums = np.matmul(self._matrix, seen)
        sums += self._matrix.dtype.type(HALF)
        np.clip(sums, 0, 255, out=sums)  # below a half it is 0, as it is when it is rounded first
        return sums.astype(np.uint8).reshape(-1, width, channels)[:count]


def _banded(weights: _Sums, factor: int) -> _Sums:
    """Return the weights of each of a product's periods in all rows that it sees."""
    matrix = np.zeros((_PERIODS, (_PERIODS - 1) * factor + len(weights)), weights.dtype)
    for period, row in enumerate(matrix):
        row[period * factor : period * factor + len(weights)] = weights
    return matrix
