"""With which matrices are pictures of several sizes resized at once?

Their weights are those of torch's `interpolate` with `area`, `bilinear` and `bicubic`, to the last
bits of float32. For every pixel of a result a kernel says how much weight lies before each edge
between two given pixels; what lies between two edges is the weight of that pixel. Before the first
edge lies nothing and before the last one everything, so a border pixel also stands for what would
lie beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from srkit_degradations.canvas import Canvas, corner
from srkit_degradations.option_types import ResizeKernel
from srkit_degradations.shipping import shipped

_KEYS: Final = -0.75
"""The parameter a of Keys 1981 in torch."""


@dataclass(frozen=True)
class _Sides:
    """Both sides of B pictures, (B, 2, 1, 1) whole numbers of pixels `before` and `after`, and the
    numbers of the pixels `made` of each, (B, 2, N, 1).
    """

    before: Tensor
    after: Tensor
    made: Tensor
    dtype: torch.dtype

    def sources(self) -> Tensor:
        """Return where the centres of the result lie among the given pixels, (B, 2, N, 1)."""
        scale = self.before.to(self.dtype) / self.after.to(self.dtype)
        return (self.made.to(self.dtype) + 0.5) * scale - 0.5

    def covered(self) -> tuple[Tensor, Tensor]:
        """Return the edges between which lies what a pixel of the result covers, rounded
        outwards.
        """
        last = (self.made + 1) * self.before
        return self.made * self.before // self.after, -(-last // self.after)


def resize_matrices(
    before: Canvas, after: Canvas, kernels: Sequence[ResizeKernel]
) -> tuple[Tensor, Tensor]:
    """Return (B, N, M) weights of the M given rows for N rows of the result, and those of columns.

    Beyond its end, a result repeats its last pixel.
    """
    given, made = before.pixels.shape[-2:], after.pixels.shape[-2:]
    old, new = (one.measured()[..., None, None] for one in (before, after))
    pixels = torch.arange(max(made), device=old.device)[:, None]
    sides = _Sides(old, new, torch.minimum(pixels, new - 1), before.pixels.dtype)
    weights = _before_edges(_edges(max(given), sides), sides, kernels).diff()
    down, across = weights.unbind(1)
    return corner(down, (made[0], given[0])), corner(across, (made[1], given[1]))


def _edges(count: int, sides: _Sides) -> Tensor:
    """Return the places of the edges between `count` given pixels, (B, 2, 1, count + 1); the first
    and the last ones of a picture lie infinitely far away.
    """
    places = torch.arange(count + 1, dtype=sides.dtype, device=sides.before.device)
    places[0].fill_(-torch.inf)
    return places.where(places < sides.before, torch.inf)


def _before_edges(edges: Tensor, sides: _Sides, kernels: Sequence[ResizeKernel]) -> Tensor:
    """Return the weight of each pixel of the result that lies before each edge, (B, 2, N, M + 1).

    Of `area` it grows evenly over what is covered, of `bilinear` over one pixel.
    """
    kinds = [(one == "area", one == "bicubic") for one in kernels]
    area, bicubic = shipped(kinds, edges, torch.bool)[:, :, None, None, None].unbind(1)
    (first, end), sources = sides.covered(), sides.sources()
    starts, width = first.where(area, sources), (end - first).where(area, 1)
    even = ((edges - starts) / width).clamp_(0, 1)
    return torch.where(bicubic, _keys_before(edges - 0.5 - sources), even)


def _keys_before(place: Tensor) -> Tensor:
    """Return how much of the cubic kernel lies before an edge that is `place` pixels behind its
    centre: the sum of its weights at place - 1/2, place - 3/2 and so on (Keys 1981, eq. 15, for
    any a).

    It is 1/2 plus an odd function: v (a + 3) / 2 - 2 (a + 1) v^3 up to 1/2, and from there to 3/2
    1/2 - a (v - 1/2) (v - 3/2)^2.
    """
    place = place.clamp(-1.5, 1.5)
    away = place.abs()
    inner = away * ((_KEYS + 3) / 2 - 2 * (_KEYS + 1) * away**2)
    outer = 0.5 - _KEYS * (away - 0.5) * (away - 1.5) ** 2
    return torch.where(away < 0.5, inner, outer).copysign_(place).add_(0.5)
