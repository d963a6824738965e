"""How does a kernel make pictures smaller or larger, to the last bit as MATLAB's imresize does?

The whole factor makes the weights periodic, so each of the two passes multiplies overlapping views
of rows by one small matrix.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from srkit_core.builtin import Border, Kernel
from srkit_core.builtin.interpolation_weights import (
    HALF,
    RowNumbers,
    exact_in_float32,
    period_weights,
    rows_outside,
)
from srkit_core.devices import backend_of
from srkit_core.errors import NotFiniteError

_CACHED: Final = 2**20
"""Bytes of pictures that a CPU resizes at once, so that what is between the passes stays in its
second-level cache (empirical).
"""

_KEPT: Final = 64
"""So many sides are remembered; a crop has one or two, pictures of a folder may all differ."""


@dataclass(frozen=True)
class _Layout:
    """How a side is resized: how many rows the padded picture has, and how many the result has.

    `weights` are (up, rows). `padding` holds the rows outside the picture, and for each of these
    which row of the picture it repeats.
    """

    padded_rows: int
    output_rows: int
    weights: Tensor
    padding: Sequence[tuple[slice, Tensor]]


class Shrink:
    """Makes pictures `factor` times smaller: (B, C, H, W) -> (B, C, ceil(H / factor), ceil(W /
    factor)), any H, W >= 1.

    The kernel is stretched by the factor, which prevents aliasing (but for `nearest`, as in
    MATLAB). Sides that the factor does not divide are continued like the border. Dtype and gradient
    are those of `Resampling`; what overshoots is clipped to [0, 1].
    """

    def __init__(self, kernel: Kernel, factor: int, *, border: Border, quantise: bool) -> None:
        """Prepare for one factor, 1 or more."""
        self._resample = Resampling(kernel, down=factor, up=1, border=border, quantise=quantise)

    def __call__(self, hr: Tensor, /, *, rng: torch.Generator) -> Tensor:
        """Return LR of the dtype and device of `hr`; nothing is random, `rng` is not used."""
        return self._resample(hr).clamp(0, 1)


class Enlarge(nn.Module):
    """Makes pictures `scale` times larger: (B, C, H, W) -> (B, C, scale*H, scale*W), any H, W >= 1;
    it has no parameters.

    Range, dtype and gradient are those of `Resampling`.
    """

    def __init__(self, kernel: Kernel, scale: int, *, border: Border, quantise: bool) -> None:
        super().__init__()
        self._resample = Resampling(kernel, down=1, up=scale, border=border, quantise=quantise)

    def forward(self, lr: Tensor, /) -> Tensor:
        """Return SR of the dtype and device of `lr`."""
        return self._resample(lr)


class Resampling:
    """Interpolation of (..., H, W) pictures in [0, 1] in which every `down` pixels of a side
    become `up`; one of them is 1.

    Rows come first, then columns, as in MATLAB. With `quantise` the picture is rounded to 8 bit
    before, between and after the passes, halves up, so the result is k/255 and has no gradient;
    sums are float64, or float32 where that is proven to be exact. On mps, which has no float64, a
    half may be rounded the wrong way when the factor is not a small power of two. Without
    `quantise` the result may leave [0, 1] by overshoot, and gradient flows. The result has the
    dtype of the picture; an enclosing autocast changes nothing.
    """

    def __init__(
        self, kernel: Kernel, *, down: int, up: int, border: Border, quantise: bool
    ) -> None:
        self._down = down
        self._up = up
        self._border: Border = border
        self._quantise = quantise
        self._above, self._weights = period_weights(kernel, down, up)
        self._fits_float32 = exact_in_float32(self._weights)
        self._layouts = dict[Hashable, _Layout]()

    def __call__(self, picture: Tensor) -> Tensor:
        """Resize both sides; what is channels_last stays so.

        With `quantise` raises NotFiniteError for NaN and infinity, which rounding would hide; a GPU
        is not asked for that, and makes NaN of them.
        """
        finite = _finite(picture) if self._quantise else None
        with torch.autocast(picture.device.type, enabled=False):
            if picture.dim() == 4 and picture.is_contiguous(memory_format=torch.channels_last):
                resized = self._resized(picture.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            else:
                planes = self._resized(picture.reshape(-1, *picture.shape[-2:], 1))
                resized = planes.reshape(*picture.shape[:-2], *planes.shape[1:3])
        return resized if finite is None else resized.masked_fill_(~finite, math.nan)

    def _resized(self, pictures: Tensor) -> Tensor:
        """Resize (B, H, W, C); the result is contiguous."""
        vertical, horizontal = (self._layout(pictures, side) for side in pictures.shape[1:3])
        chunk = (
            _CACHED // max(pictures[:1].nbytes, 1)
            if pictures.device.type == "cpu"
            else len(pictures)
        )
        chunks = torch.split(pictures, max(chunk, 1))
        resized = torch.cat(
            [self._both_passes(some, vertical, horizontal) for some in chunks]
        ).contiguous()
        return (
            _to_8_bit(resized).to(pictures.dtype).div_(255)
            if self._quantise
            else resized.to(pictures.dtype)
        )

    def _both_passes(self, pictures: Tensor, vertical: _Layout, horizontal: _Layout) -> Tensor:
        rows = self._pass(pictures, vertical, 255 if self._quantise else 1)
        return self._pass(rows.transpose(1, 2), horizontal, 1).transpose(1, 2)

    def _pass(self, pictures: Tensor, layout: _Layout, factor: int) -> Tensor:
        """Resize the vertical side of `factor` times the pictures: (B, H, W, C) -> (B, ceil(H /
        down) * up, W, C).
        """
        column = self._column(pictures, layout, factor)
        windows = column.unfold(0, len(self._weights), self._down).transpose(1, 2)
        rows = torch.bmm(layout.weights.expand(len(windows), -1, -1), windows)
        return rows.view(len(pictures), -1, *pictures.shape[2:])[:, : layout.output_rows]

    def _column(self, pictures: Tensor, layout: _Layout, factor: int) -> Tensor:
        """Stack pictures below each other, (R, W * C), each with the rows beyond its border.

        Rounded to 8 bit where that is asked for.

        Windows of all periods find their rows; those that begin beyond a picture's last period are
        not used.
        """
        (count, height, width, channels), start = pictures.shape, HALF if self._quantise else 0.0
        rest = len(self._weights) - self._down
        column = layout.weights.new_full(
            (count * layout.padded_rows + rest, width * channels), start
        )
        rows = column[: count * layout.padded_rows].view(count, layout.padded_rows, width, channels)
        rows[:, self._above : self._above + height].add_(pictures, alpha=factor)
        if self._quantise:
            column.floor_().clamp_(0, 255)
        for outside, sources in layout.padding:
            rows[:, outside] = rows.index_select(1, sources)
        return column

    def _layout(self, pictures: Tensor, side: int) -> _Layout:
        """Say where the rows for a side of so many pixels lie; what was said is kept on the device,
        since a GPU would wait for each of its tensors.
        """
        precision = self._precision(pictures)
        known = (side, precision, pictures.device)
        if known not in self._layouts:
            if len(self._layouts) >= _KEPT:
                self._layouts.clear()
            with torch.inference_mode(False):
                self._layouts[known] = self._new_layout(side, precision, pictures.device)
        return self._layouts[known]

    def _new_layout(self, side: int, precision: torch.dtype, device: torch.device) -> _Layout:
        periods, rest = -(-side // self._down), len(self._weights) - self._down
        padded_rows = (periods + -(-rest // self._down)) * self._down
        outside = [(0, self._above), (self._above + side, periods * self._down + rest)]
        sources = [
            torch.tensor(self._mirrored(np.arange(*ends), side), device=device) for ends in outside
        ]
        weights = torch.tensor(self._weights.T, dtype=precision, device=device)
        return _Layout(
            padded_rows,
            periods * self._up,
            weights,
            [(slice(*ends), rows) for ends, rows in zip(outside, sources, strict=True)],
        )

    def _mirrored(self, padded_rows: RowNumbers, side: int) -> RowNumbers:
        """Return which rows of the padded picture stand for those beyond its border."""
        return rows_outside(padded_rows - self._above, side, self._border) + self._above

    def _precision(self, pictures: Tensor) -> torch.dtype:
        """Return the dtype of sums: float32 where it is exact and may not be rounded to TF32 or
        bfloat16.
        """
        work = torch.promote_types(pictures.dtype, torch.float32)
        if not self._quantise or not backend_of(pictures.device).float64:
            return work
        full_precision = torch.backends.mkldnn.matmul.fp32_precision in ("none", "ieee")  # type: ignore[attr-defined]  # a module made at run time
        return (
            torch.float32
            if self._fits_float32 and full_precision and pictures.device.type == "cpu"
            else torch.float64
        )


def _finite(picture: Tensor) -> Tensor | None:
    """Return whether a picture is finite, () on its device; None of one that was looked at."""
    known = picture.detach()
    if not known.numel():
        return None
    finite = known.amin().isfinite() & known.amax().isfinite()
    if known.device.type != "cpu":
        return finite
    if not finite:
        raise NotFiniteError(
            "a picture that holds NaN or infinity was to be interpolated",
            hint="leave out what comes before, step by step: srkit degrade PICTURE --degrade CHAIN",
        )
    return None


def _to_8_bit(values: Tensor) -> Tensor:
    """Round in place; nobody else holds `values`."""
    return values.add_(HALF).floor_().clamp_(0, 255)
