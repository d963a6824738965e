"""What does the network compute that other tools run, for LR of any size?"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from srkit_core.errors import IncompatibleError
from srkit_core.models.model import Model

GRAPH_INPUT: Final = "lr"
GRAPH_OUTPUT: Final = "sr"
_EXAMPLE: Final = (2, 3, 24, 40)
"""A shape to trace with, whose sides are multiples of 8; all but the channels stay free."""
FREE_SIDES: Final = {0: "batch", 2: "height", 3: "width"}
"""Which dimensions of LR are free, and their names."""

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


def traceable(model: Model) -> tuple[nn.Module, Tensor]:
    """Return what is traced, and an example of LR."""
    any_size = (model.size_multiple, model.min_size) == (1, 1)
    network = model.network if any_size else AnySize(model)
    return network, torch.rand(_EXAMPLE, device=model.device)


@contextmanager
def tracing(model: Model) -> Iterator[None]:
    """Trace a network without gradient and without what torch says of its own work.

    Raises IncompatibleError where torch cannot make a graph of it.
    """
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:  # a network is a plugin's, and may do what no graph can say
        name = model.bound.component.full_name
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise IncompatibleError(
            f"torch cannot export '{name}': {reason}",
            hint="SRKIT_TRACE=1 shows what in its forward method has no place in a graph",
        ) from error
    finally:
        logger.setLevel(level)


def verification_pictures() -> list[Tensor]:
    """Return the pictures that a written file is compared on: smooth, with a little noise, in
    [0, 1].
    """
    rng = torch.Generator().manual_seed(0)
    return [_picture(size, rng) for size in VERIFIED_SIZES]


def _picture(size: tuple[int, int, int, int], rng: torch.Generator) -> Tensor:
    coarse = torch.rand((*size[:2], 6, 6), generator=rng)
    smooth = functional.interpolate(coarse, size=size[2:], mode="bilinear")
    return (smooth + 0.02 * torch.randn(size, generator=rng)).clamp(0, 1)
