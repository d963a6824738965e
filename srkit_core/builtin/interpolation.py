"""How does a kernel make pictures smaller or larger, to the last bit as MATLAB's imresize does?

The whole factor makes the weights periodic, so each of the two passes multiplies blocks of rows by one small matrix.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from srkit_core.builtin import SUPPORT, Border, Kernel

_Array = npt.NDArray[np.float64]
_Index = npt.NDArray[np.int64]

_BLOCK: Final = 16
"""Periods a matrix covers: fewer copy more overlap, more multiply more zeros (empirical)."""

_HALF: Final = 0.5 + 1e-9
"""Rounds halves up, also a half that lost its last bits in a float64 sum.

Other sums of the bicubic and the bilinear kernel come no nearer to a half than 1e-7, for factors up to 16.
"""


class Shrink:
    """Makes pictures `factor` times smaller: (B, C, H, W) -> (B, C, ceil(H / factor), ceil(W / factor)), any H, W >= 1.

    The kernel is stretched by the factor, which prevents aliasing (but for `nearest`, as in MATLAB). Sides that the
    factor does not divide are continued like the border. Range, dtype and gradient are those of `Resampling`.
    """

    def __init__(self, kernel: Kernel, factor: int, *, border: Border, quantise: bool) -> None:
        """Prepare for one factor, 1 or more."""
        self._resample = Resampling(kernel, taken=factor, given=1, border=border, quantise=quantise)

    def __call__(self, hr: Tensor, /, *, rng: torch.Generator) -> Tensor:
        """Return LR of the dtype and device of `hr`; nothing is random, `rng` is not used."""
        return self._resample(hr)


class Enlarge(nn.Module):
    """Makes pictures `scale` times larger: (B, C, H, W) -> (B, C, scale*H, scale*W), any H, W >= 1; it has no parameters.

    Range, dtype and gradient are those of `Resampling`.
    """

    def __init__(self, kernel: Kernel, scale: int, *, border: Border, quantise: bool) -> None:
        super().__init__()
        self._resample = Resampling(kernel, taken=1, given=scale, border=border, quantise=quantise)

    def forward(self, lr: Tensor, /) -> Tensor:
        """Return SR of the dtype and device of `lr`."""
        return self._resample(lr)


class Resampling:
    """Interpolation of (..., H, W) pictures in [0, 1] in which every `taken` pixels of a side become `given`; one of them is 1.

    Rows come first, then columns, as in MATLAB. With `quantise` the picture is rounded to 8 bit before, between and
    after the passes, halves up, so the result is k/255 and has no gradient; sums are float64, or float32 where that is
    proven to be exact. On mps, which has no float64, a half may be rounded the wrong way when the factor is not a small
    power of two. Without `quantise` the result may leave [0, 1] by overshoot, and gradient flows. The result has the
    dtype of the picture; an enclosing autocast changes nothing.
    """

    def __init__(self, kernel: Kernel, *, taken: int, given: int, border: Border, quantise: bool) -> None:
        self._kernel: Kernel = kernel
        self._taken = taken
        self._given = given
        self._border: Border = border
        self._quantise = quantise
        self._pad = int(SUPPORT[kernel] * taken)
        self._fits_float32 = _exact_in_float32(self._weights(1))

    def __call__(self, picture: Tensor) -> Tensor:
        """Resize both sides."""
        with torch.autocast(picture.device.type, enabled=False):
            work = picture.to(torch.promote_types(picture.dtype, torch.float32))
            if not self._quantise:
                return self._both_passes(work).to(picture.dtype)
            return self._both_passes(_to_8_bit(work * 255)).to(picture.dtype).div_(255)

    def _both_passes(self, work: Tensor) -> Tensor:
        rows = self._pass(work)
        return self._pass(rows.transpose(-1, -2)).transpose(-1, -2).contiguous()

    def _pass(self, work: Tensor) -> Tensor:
        """Resize the vertical side: (..., H, W) -> (..., ceil(H / taken) * given, W)."""
        periods = -(-work.shape[-2] // self._taken)
        blocks = -(-periods // _BLOCK)
        length = -(-periods // blocks)
        index = torch.tensor(self._windows(blocks, length, work.shape[-2]), device=work.device)
        windows = torch.unflatten(work.index_select(-2, index.flatten()), -2, index.shape).to(self._precision(work))
        weights = torch.tensor(self._weights(length).T, dtype=windows.dtype, device=work.device)
        rows = (weights @ windows).flatten(-3, -2)[..., : periods * self._given, :]
        return _to_8_bit(rows).to(work.dtype) if self._quantise else rows

    def _precision(self, work: Tensor) -> torch.dtype:
        """Choose what sums are made in: float32 where it fits and nobody allowed it to be rounded to TF32 or bfloat16."""
        if not self._quantise or work.device.type == "mps":
            return work.dtype
        kept = torch.backends.mkldnn.matmul.fp32_precision in ("none", "ieee")  # type: ignore[attr-defined]  # a module made at run time
        return torch.float32 if self._fits_float32 and kept and work.device.type == "cpu" else torch.float64

    def _windows(self, blocks: int, length: int, side: int) -> _Index:
        """Return for each block the rows it needs, (blocks, length * taken + 2 * pad), all inside the picture."""
        starts = np.arange(blocks)[:, None] * (length * self._taken) - self._pad
        rows = starts + np.arange(length * self._taken + 2 * self._pad)
        if self._border == "replicate":
            return rows.clip(0, side - 1)
        rows %= 2 * side
        mirrored: _Index = np.minimum(rows, 2 * side - 1 - rows)
        return mirrored

    def _weights(self, length: int) -> _Array:
        """Return the weight of each of the rows a block of `length` periods needs in each row it makes; columns sum to 1."""
        ratio = self._taken / self._given
        stretch = 1.0 if self._kernel == "nearest" else max(ratio, 1.0)
        centres = (np.arange(length * self._given) + 0.5) * ratio - 0.5
        rows = np.arange(-self._pad, length * self._taken + self._pad)
        weights = _KERNELS[self._kernel]((rows[:, None] - centres) / stretch)
        total: _Array = weights.sum(axis=0)
        return weights / total


def _to_8_bit(values: Tensor) -> Tensor:
    """Round in place; nobody else holds `values`."""
    return values.add_(_HALF).floor_().clamp_(0, 255)


def _exact_in_float32(weights: _Array) -> bool:
    """Say whether weighted sums of 8-bit integers lose nothing in float32, in whatever order they are made.

    They do not when all weights are multiples of one 1/2^k so large that no partial sum exceeds 2^24 of them.
    """
    largest = 255 * np.abs(weights).sum(axis=0).max()
    units = np.ldexp(weights, 24 - int(np.ceil(np.log2(largest))))
    return bool((units == np.rint(units)).all())


def _cubic(x: _Array) -> _Array:
    """Keys 1981, eq. 15."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _triangle(x: _Array) -> _Array:
    return (1 - np.abs(x)).clip(min=0)


def _box(x: _Array) -> _Array:
    """Of two rows equally near, MATLAB takes the later one."""
    return ((x > -0.5) & (x <= 0.5)).astype(np.float64)


def _lanczos(x: _Array) -> _Array:
    """Duchon 1979, with three lobes."""
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


_KERNELS: Final[dict[Kernel, Callable[[_Array], _Array]]] = {
    "bicubic": _cubic,
    "bilinear": _triangle,
    "nearest": _box,
    "lanczos": _lanczos,
}
