"""What does BasicSR's VGG-style discriminator compute?"""

from math import log2
from typing import Final

from torch import Tensor, nn
from torch.nn import functional

_NEGATIVE_SLOPE: Final = 0.2
_SMALLEST_MAP: Final = 4
_WIDEST: Final = 8
"""Channels stop growing here, in multiples of the first."""
_HIDDEN: Final = 100
_NOT_NORMALISED: Final = "0_0"


class BasicSRDiscriminator(nn.Module):
    """Pictures (B, 3, size, size) in [0, 1] -> logits (B, 1).

    A level is a 3x3 convolution and a 4x4 one of stride 2; there are as many as halve the side to
    4, and each normalises what it convolves, but for the very first convolution. Two dense layers
    on the flattened map follow. Tensors are named as in `VGGStyleDiscriminator` of BasicSR 1.4
    (`conv0_0`, `bn0_1`, ..., `linear2`), so that a file of it fits by name.
    """

    def __init__(self, *, size: int, features: int) -> None:
        super().__init__()
        self._levels = int(log2(size // _SMALLEST_MAP))
        channels = 3
        for level in range(self._levels):
            width = features * min(2**level, _WIDEST)
            self._add(f"{level}_0", channels, width, 3)
            self._add(f"{level}_1", width, width, 4, stride=2)
            channels = width
        self.linear1 = nn.Linear(channels * _SMALLEST_MAP**2, _HIDDEN)
        self.linear2 = nn.Linear(_HIDDEN, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of a batch."""
        x = image
        for level in range(self._levels):
            x = self._convolved(f"{level}_1", self._convolved(f"{level}_0", x))
        hidden = functional.leaky_relu(self.linear1(x.flatten(1)), _NEGATIVE_SLOPE)
        logits: Tensor = self.linear2(hidden)
        return logits

    def _add(self, place: str, inputs: int, outputs: int, side: int, *, stride: int = 1) -> None:
        plain = place == _NOT_NORMALISED
        convolution = nn.Conv2d(inputs, outputs, side, stride, padding=1, bias=plain)
        self.add_module(f"conv{place}", convolution)
        if not plain:
            self.add_module(f"bn{place}", nn.BatchNorm2d(outputs))

    def _convolved(self, place: str, x: Tensor) -> Tensor:
        x = self.get_submodule(f"conv{place}")(x)
        if place != _NOT_NORMALISED:
            x = self.get_submodule(f"bn{place}")(x)
        return functional.leaky_relu(x, _NEGATIVE_SLOPE)
