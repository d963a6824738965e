"""Which statistics of a picture's blocks tell how natural it looks?

Sums are float64, as in the MATLAB release of Mittal et al. 2013.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

BLOCK: Final = 96
"""Side of a block in pixels: that of the pristine model, which fits no other."""

_SIGMA: Final = 7 / 6
_RADIUS: Final = 3
"""The Gaussian window of Mittal et al. 2013, section II-A, in their release: 7 x 7 pixels."""

_CUBIC: Final = tuple(weight / 256 for weight in (-3, -9, 29, 111, 111, 29, -9, -3))
"""Keys 1981, eq. 15 (a = -1/2), widened by 2, at distances of 0.5, 1.5, 2.5 and 3.5 pixels."""

_NEIGHBOURS: Final = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Horizontal, vertical and both diagonals."""

_SHAPES: Final = (0.2, 10.0, 0.001)
"""First, last and step of the shapes among which the release looks for the fitting one."""


def block_features(luma: Tensor) -> Tensor:
    """Return the 36 statistics of each block of (H, W) luma in 0..255: (blocks, 36), nan where a
    block is flat.

    What does not fill a block at the bottom and right is left out. Half of the statistics are those
    of the picture, half those of the picture at half its size.
    """
    height, width = (side - side % BLOCK for side in luma.shape)
    picture = luma[:height, :width].double()
    blocks, half_blocks = (
        _blocks(_normalised(picture), BLOCK),
        _blocks(_normalised(_halved(picture)), BLOCK // 2),
    )
    return torch.cat([_statistics(blocks), _statistics(half_blocks)], 1)


def _normalised(picture: Tensor) -> Tensor:
    """Return each pixel's distance from its surroundings' mean, over their standard deviation plus
    1 (eq. 1 to 3).
    """
    mean = _blurred(picture)
    deviation = (_blurred(picture.square()) - mean.square()).abs().sqrt()
    return (picture - _without_noise(mean)) / (deviation + 1)


def _blurred(picture: Tensor) -> Tensor:
    taps = [math.exp(-0.5 * (offset / _SIGMA) ** 2) for offset in range(-_RADIUS, _RADIUS + 1)]
    padded = functional.pad(picture[None, None], (_RADIUS,) * 4, mode="replicate")[0, 0]
    return _weighted(padded, [tap / sum(taps) for tap in taps], step=1)


def _halved(picture: Tensor) -> Tensor:
    """Return the picture at half its size, as MATLAB's imresize(x, 0.5), its border symmetric."""
    for side in (0, 1):
        length = picture.shape[side]
        start, end = (
            picture.narrow(side, 0, 3).flip(side),
            picture.narrow(side, length - 3, 3).flip(side),
        )
        picture = torch.cat([start, picture, end], side)
    return _without_noise(_weighted(picture, _CUBIC, step=2))


def _without_noise(values: Tensor) -> Tensor:
    """Round to what float32 can hold.

    A flat region then is exactly 0 when normalised. The fit counts values below and above 0, so
    noise of 1e-14 in their place would move the score of a picture with a plain background by
    several percent.
    """
    return values.float().double()


def _weighted(padded: Tensor, taps: Sequence[float], *, step: int) -> Tensor:
    """Return the weighted sums along both sides of (H, W), at every `step`-th place where the taps
    fit.
    """
    for side in (0, 1):
        windows = padded.unfold(side, len(taps), step)
        total = windows[..., 0] * taps[0]
        for number, tap in enumerate(taps[1:], start=1):
            total.add_(windows[..., number], alpha=tap)
        padded = total
    return padded


def _blocks(picture: Tensor, side: int) -> Tensor:
    return picture.unfold(0, side, side).unfold(1, side, side).reshape(-1, side, side)


def _statistics(blocks: Tensor) -> Tensor:
    """Return 18 numbers a block: of its pixels, and of the products with four of their neighbours
    (section II-B).
    """
    shape, left, right = _asymmetric_fit(blocks)
    columns = [shape, (left + right) / 2]
    for shift in _NEIGHBOURS:
        shape, left, right = _asymmetric_fit(blocks * blocks.roll(shift, (1, 2)))
        mean = (right - left) * _gamma_ratio(2 / shape, 1 / shape)  # eq. 8
        columns += [shape, mean, left, right]
    return torch.stack(columns, 1)


def _asymmetric_fit(blocks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return shape, left and right scale of the asymmetric generalised Gaussian (eq. 7) that fits
    each block's values.

    Fitted by moments (Lasmar et al. 2009), as the release does. The scales of a block without
    negative or without positive values are nan; its shape is then the first in the table.
    """
    values = blocks.flatten(1)
    squares = values.square()
    left, right = (
        ((squares * side).sum(1) / side.sum(1)).sqrt() for side in (values < 0, values > 0)
    )
    ratio = left / right
    moments = values.abs().mean(1).square() / squares.mean(1)
    moment_ratio = moments * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shape = _nearest_shape(moment_ratio)
    scale = _gamma_ratio(1 / shape, 3 / shape).sqrt()
    return shape, left * scale, right * scale


def _nearest_shape(moment_ratio: Tensor) -> Tensor:
    shapes, moments = (table.to(moment_ratio.device) for table in _table())
    moment_ratio = moment_ratio.nan_to_num(0)
    above = torch.searchsorted(moments, moment_ratio).clamp(1, len(moments) - 1)
    below_is_nearer = moment_ratio - moments[above - 1] <= moments[above] - moment_ratio
    return shapes[above - below_is_nearer.long()]


@cache
def _table() -> tuple[Tensor, Tensor]:
    """Return shapes, and the squared mean of absolute values over the mean square that each has.

    Both rise.
    """
    first, last, step = _SHAPES
    shapes = first + step * torch.arange(round((last - first) / step) + 1, dtype=torch.float64)
    return shapes, _gamma_ratio(2 / shapes, 1 / shapes) * _gamma_ratio(2 / shapes, 3 / shapes)


def _gamma_ratio(top: Tensor, bottom: Tensor) -> Tensor:
    return (torch.lgamma(top) - torch.lgamma(bottom)).exp()
