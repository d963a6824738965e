"""What does the network compute that other tools run, for LR of any size?"""

from typing import Final

import torch
from torch import Tensor, nn

from srkit_core.models.model import Model

VERIFIED_SIZES: Final = ((1, 3, 37, 53), (2, 3, 64, 48))
"""Shapes of the pictures that a written file is compared on: sides that are multiples of nothing,
and another batch.
"""
LARGEST_DIFFERENCE: Final = 1 / 255
"""By how much the output of a written file may differ: one step of 8 bit."""


class AnySize(nn.Module):
    """A network with the padding that it needs inside: LR (B, 3, H, W) in [0, 1] of any sides ->
    SR (B, 3, sH, sW), as `Model` computes it.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network = model.network
        self._scale, self._multiple = model.scale, model.size_multiple
        self._least = model.min_size

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        height, width = lr.shape[-2:]
        sr: Tensor = self.network(self._padded(self._padded(lr, -2), -1))
        return sr[..., : height * self._scale, : width * self._scale]

    def _padded(self, lr: Tensor, dim: int) -> Tensor:
        """Repeat the last pixel of a side until its length fits the network."""
        side = lr.shape[dim]
        wanted = torch.sym_max(side, self._least)
        wanted = (wanted + self._multiple - 1) // self._multiple * self._multiple
        places = torch.arange(wanted, device=lr.device).clamp(max=side - 1)
        return lr.index_select(dim, places)


def exported_network(model: Model) -> nn.Module:
    """Return what is written: the network itself where it takes LR of any size."""
    if (model.size_multiple, model.min_size) == (1, 1):
        return model.network
    return AnySize(model)


def verification_pictures() -> list[Tensor]:
    """Return the pictures that a written file is compared on."""
    rng = torch.Generator().manual_seed(0)
    return [torch.rand(size, generator=rng) for size in VERIFIED_SIZES]
