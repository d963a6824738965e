"""Which weights does a kernel give to which rows, to the last bit as MATLAB's imresize does?

Batches (`interpolation`) and whole pictures (`pixel_interpolation`) are both made of them.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from srkit_core.builtin import SUPPORT, Border, Kernel

Weights = npt.NDArray[np.float64]
RowNumbers = npt.NDArray[np.int64]

HALF: Final = 0.5 + 1e-9
"""Rounds halves up, also a half that lost its last bits in a float64 sum.

Other sums of the bicubic and the bilinear kernel come no nearer to a half than 1e-7, for factors up
to 16.
"""


def period_weights(kernel: Kernel, down: int, up: int) -> tuple[int, Weights]:
    """Return how many rows above its own a period needs, and the weight of each in each row it
    makes, (rows, up); columns sum to 1.
    """
    ratio, pad = down / up, int(SUPPORT[kernel] * down)
    stretch = 1.0 if kernel == "nearest" else max(ratio, 1.0)
    centres = (np.arange(up) + 0.5) * ratio - 0.5
    rows = np.arange(-pad, down + pad)
    weights = _KERNELS[kernel]((rows[:, None] - centres) / stretch)
    needed = np.flatnonzero(weights.any(axis=1))
    first, last = min(needed[0], pad), max(needed[-1], pad + down - 1)
    weights = weights[first : last + 1]
    total: Weights = weights.sum(axis=0)
    return pad - int(first), weights / total


def rows_outside(rows: RowNumbers, side: int, border: Border) -> RowNumbers:
    """Return which row of a side of so many pixels stands for each row, those beyond its border
    being negative or at least `side`.
    """
    if border == "replicate":
        return rows.clip(0, side - 1)
    rows = rows % (2 * side)
    mirrored: RowNumbers = np.minimum(rows, 2 * side - 1 - rows)
    return mirrored


def exact_in_float32(weights: Weights) -> bool:
    """Say whether weighted sums of 8-bit integers lose nothing in float32, in whatever order they
    are made.

    They do not when all weights are multiples of one 1/2^k so large that no partial sum exceeds
    2^24 of them.
    """
    largest = 255 * np.abs(weights).sum(axis=0).max()
    units = np.ldexp(weights, 24 - int(np.ceil(np.log2(largest))))
    return bool((units == np.rint(units)).all())


def _cubic(x: Weights) -> Weights:
    """Keys 1981, eq. 15."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _triangle(x: Weights) -> Weights:
    return (1 - np.abs(x)).clip(min=0)


def _box(x: Weights) -> Weights:
    """Of two rows equally near, MATLAB takes the later one."""
    return ((x > -0.5) & (x <= 0.5)).astype(np.float64)


def _lanczos(x: Weights) -> Weights:
    """Duchon 1979, with three lobes."""
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


_KERNELS: Final[dict[Kernel, Callable[[Weights], Weights]]] = {
    "bicubic": _cubic,
    "bilinear": _triangle,
    "nearest": _box,
    "lanczos": _lanczos,
}
