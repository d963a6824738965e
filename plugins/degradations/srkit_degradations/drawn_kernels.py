"""Which kernel does each picture get, and what do the kernels of a batch look like?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from srkit_degradations import kernels
from srkit_degradations.shipping import shipped


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


@dataclass(frozen=True)
class KernelTable:
    """The kernels of all steps of a chain, made and brought to the device at once: (N, K, K)
    `pixels`, and in which row each is.
    """

    pixels: Tensor
    rows: Mapping[DrawnKernel, int]

    @classmethod
    def of(cls, shapes: Iterable[DrawnKernel | None], like: Tensor) -> KernelTable:
        """Make kernels in the dtype and on the device of `like`."""
        rows = {one: row for row, one in enumerate(dict.fromkeys(filter(None, shapes)))}
        return cls(shipped(kernels_of(list(rows)), like) if rows else like.new_empty(0), rows)

    def those(self, shapes: Sequence[DrawnKernel]) -> Tensor:
        """Return (B, K, K) kernels of these shapes, K being their largest size."""
        largest = max(one.size for one in shapes)
        edge = (self.pixels.shape[-1] - largest) // 2
        within = self.pixels[:, edge : edge + largest, edge : edge + largest]
        rows = [self.rows[one] for one in shapes]
        first, count = rows[0], len(rows)
        if rows == list(range(first, first + count)):
            return within[first : first + count]
        return within.index_select(0, shipped(rows, within, torch.int64))


def kernels_of(shapes: Sequence[DrawnKernel]) -> Tensor:
    """Return (B, K, K) kernels on the CPU, float64, that sum to 1, K being the largest size; a
    smaller kernel has zeros around it.
    """
    half = max(one.size for one in shapes) // 2
    rings = [row for row, one in enumerate(shapes) if one.family == "sinc"]
    others = [row for row, one in enumerate(shapes) if one.family != "sinc"]
    made = torch.empty(len(shapes), 2 * half + 1, 2 * half + 1, dtype=torch.float64)
    if rings:
        made[rings] = kernels.sinc(half, column([shapes[row] for row in rings], "cutoff"))
    if others:
        made[others] = _elliptic(half, [shapes[row] for row in others])
    return kernels.normalised(made, torch.tensor([one.size for one in shapes]))


def column(shapes: Sequence[DrawnKernel], name: str) -> Tensor:
    """Return one parameter of all kernels, (B,) float64."""
    return torch.tensor([getattr(one, name) for one in shapes], dtype=torch.float64)


def _elliptic(half: int, shapes: Sequence[DrawnKernel]) -> Tensor:
    numbers = [[one.sigma_x, one.sigma_y, one.angle, one.beta] for one in shapes]
    plateau = torch.tensor([one.family == "plateau" for one in shapes])
    x, y, angle, beta = torch.tensor(numbers, dtype=torch.float64).unbind(1)
    return kernels.elliptic(half, x, y, angle, beta, plateau)
