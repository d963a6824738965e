"""With which matrices are pictures of several sizes resized at once?

Their weights are those of torch's `interpolate` with `area`, `bilinear` and `bicubic`, to the last
bits of float32.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from srkit_degradations.canvas import Canvas
from srkit_degradations.option_types import ResizeKernel
from srkit_degradations.parameter_sampler import by_label
from srkit_degradations.shipping import shipped

_KEYS: Final = -0.75
"""The parameter a of Keys 1981 in torch."""


@dataclass(frozen=True)
class _Side:
    """One side of B pictures: `before` and `after` say how many pixels it has, (B, 1, 1) whole
    numbers; `made` is the number of each pixel of the result, (B, N, 1), `given` that of each pixel
    there is, (1, 1, M).

    Beyond its end, a result repeats its last pixel.
    """

    before: Tensor
    after: Tensor
    made: Tensor
    given: Tensor
    dtype: torch.dtype

    def sources(self) -> Tensor:
        """Return where the centres of the result lie among the given pixels, (B, N, 1)."""
        scale = self.before.to(self.dtype) / self.after.to(self.dtype)
        return (self.made.to(self.dtype) + 0.5) * scale - 0.5


def resize_matrices(
    before: Canvas, after: Canvas, kernels: Sequence[ResizeKernel], axis: int
) -> Tensor:
    """Return (B, N, M) weights of the M given pixels of an axis for N pixels of the result."""
    extents = [one.measured()[:, axis, None, None] for one in (before, after)]
    device = before.pixels.device
    made = torch.arange(after.pixels.shape[axis], device=device)[None, :, None]
    given = torch.arange(before.pixels.shape[axis], device=device)[None, None, :]
    made = torch.minimum(made, extents[1] - 1)
    side = _Side(extents[0], extents[1], made, given, before.pixels.dtype)
    first, *others = by_label(kernels)
    weights = _WEIGHTS[first](side)
    for other in others:
        chosen = shipped([one == other for one in kernels], weights, torch.bool)
        weights = torch.where(chosen[:, None, None], _WEIGHTS[other](side), weights)
    return weights


def _area(side: _Side) -> Tensor:
    """Return the means over what a pixel of the result covers, rounded outwards."""
    first = side.made * side.before // side.after
    end = ((side.made + 1) * side.before + side.after - 1) // side.after
    covered = (side.given >= first) & (side.given < end)
    return covered.to(side.dtype) / (end - first).to(side.dtype)


def _bilinear(side: _Side) -> Tensor:
    last = (side.before - 1).to(side.dtype)
    sources = torch.minimum(side.sources().clamp_(min=0), last)
    return (1 - (side.given.to(side.dtype) - sources).abs_()).clamp_(min=0)


def _bicubic(side: _Side) -> Tensor:
    """Return the weights of four neighbours; those beyond the border are the last pixel."""
    sources = side.sources()
    first = sources.floor()
    after = sources - first
    weights = torch.zeros((), dtype=side.dtype, device=after.device)
    for step, weight in zip(range(-1, 3), _keys(after), strict=True):
        neighbour = (first.long() + step).clamp_(min=0)
        hit = torch.minimum(neighbour, side.before - 1) == side.given
        weights = weights + hit * weight
    return weights


def _keys(after: Tensor) -> list[Tensor]:
    """Return the weights of the neighbours at -1, 0, 1 and 2 for a place `after` pixels behind 0
    (Keys 1981, eq. 15, for any a).
    """
    a = _KEYS
    far = [((a * x - 5 * a) * x + 8 * a) * x - 4 * a for x in (after + 1, 2 - after)]
    near = [((a + 2) * x - (a + 3)) * x * x + 1 for x in (after, 1 - after)]
    return [far[0], *near, far[1]]


_WEIGHTS: Final[Mapping[ResizeKernel, Callable[[_Side], Tensor]]] = {
    "area": _area,
    "bilinear": _bilinear,
    "bicubic": _bicubic,
}
