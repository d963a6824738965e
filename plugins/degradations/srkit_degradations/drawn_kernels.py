"""Which kernel does each picture get, and what do the kernels of a batch look like?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from srkit_degradations import kernels
from srkit_degradations.parameter_sampler import by_label


@dataclass(frozen=True, slots=True)
class DrawnKernel:
    """A kernel as it was drawn: its family and side in pixels; `cutoff` of a sinc in radians a
    pixel; of the others two standard deviations in pixels, an angle in radians and `beta`.
    """

    family: str
    size: int
    cutoff: float = 0.0
    sigma_x: float = 1.0
    sigma_y: float = 1.0
    angle: float = 0.0
    beta: float = 1.0


def kernels_of(shapes: Sequence[DrawnKernel]) -> Tensor:
    """Return (B, K, K) kernels on the CPU, float64, K being the largest size."""
    largest = max(one.size for one in shapes)
    made = torch.zeros(len(shapes), largest, largest, dtype=torch.float64)
    for family, members in by_label([one.family for one in shapes]).items():
        of_family = _of_family(family, [shapes[i] for i in members])
        edge = (largest - of_family.shape[-1]) // 2
        inside = slice(edge, edge + of_family.shape[-1])
        made[members, inside, inside] = of_family
    return made


def column(shapes: Sequence[DrawnKernel], name: str) -> Tensor:
    """Return one parameter of all kernels, (B,) float64."""
    return torch.tensor([getattr(one, name) for one in shapes], dtype=torch.float64)


def _of_family(family: str, shapes: Sequence[DrawnKernel]) -> Tensor:
    sizes = torch.tensor([one.size for one in shapes])
    if family == "sinc":
        return kernels.sinc(sizes, column(shapes, "cutoff"))
    x, y, angle = (column(shapes, name) for name in ("sigma_x", "sigma_y", "angle"))
    if family == "gaussian":
        return kernels.gaussian(sizes, x, y, angle)
    make = kernels.generalised if family == "generalised" else kernels.plateau
    return make(sizes, x, y, angle, column(shapes, "beta"))
