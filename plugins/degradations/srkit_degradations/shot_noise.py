"""What does counting photons add to pictures?"""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from srkit_degradations.canvas import Canvas

_LEVELS: Final = 256


def shot_noise(canvas: Canvas, seeds: Sequence[int], rng: torch.Generator) -> Tensor:
    """Return Poisson counts of as many photons as a picture has grey levels, less what is expected:
    of the shape of the canvas, in [0, 1] units.

    The number of grey levels is that of the picture in 8 bit, rounded up to a power of 2
    (scikit-image's random_noise). A CPU draws each picture by its seed, since how many numbers one
    asks for depends on it; elsewhere a number belongs to its place, and `rng` draws all.
    """
    levels = (canvas.pixels * (_LEVELS - 1)).round().clamp_(0, _LEVELS - 1)
    photons = _photons(levels, canvas)
    signal = levels / (_LEVELS - 1)
    return _poisson(signal * photons, seeds, rng).div_(photons).sub_(signal)


def _photons(levels: Tensor, canvas: Canvas) -> Tensor:
    """Return how many photons white has in each picture, (B, 1, 1, 1)."""
    present = levels.new_zeros(len(levels), _LEVELS + 1)
    shown = (
        levels if canvas.extent is None else levels.where(_inside(canvas.extent, levels), _LEVELS)
    )
    present = present.scatter_(1, shown.long().flatten(1), 1.0)[:, :_LEVELS]
    return torch.exp2(present.sum(1).log2().ceil())[:, None, None, None]


def _inside(extent: Tensor, levels: Tensor) -> Tensor:
    """Return which pixels show a picture, (B, 1, H, W)."""
    height, width = levels.shape[-2:]
    rows, columns = (torch.arange(side, device=levels.device) for side in (height, width))
    of_rows, of_columns = (rows < extent[:, :1]), (columns < extent[:, 1:])
    return of_rows[:, None, :, None] & of_columns[:, None, None, :]


def _poisson(rates: Tensor, seeds: Sequence[int], rng: torch.Generator) -> Tensor:
    if rates.device.type != "cpu":
        return torch.poisson(rates, generator=rng)
    each = zip(torch.split(rates, 1), seeds, strict=True)
    return torch.cat(
        [torch.poisson(one, generator=torch.Generator().manual_seed(seed)) for one, seed in each]
    )
