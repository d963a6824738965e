"""What does the convolutional autoencoder compute?"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

_MEAN: Final = (0.485, 0.456, 0.406)
_STD: Final = (0.229, 0.224, 0.225)
"""Statistics of ImageNet's RGB in [0, 1] (torchvision's, by which its pretrained networks are fed).
"""


class Autoencoder(nn.Module):
    """LR (B, 3, H, W) in [0, 1], sides a multiple of 4 -> SR (B, 3, 4H, 4W), not clamped, by way of
    a map of H/4 x W/4.

    The encoder has five 3x3 convolutions and two max-poolings, the decoder mirrors it with two
    bicubic enlargements by 4 in their place; ReLU after all but the last convolution. Inside,
    pictures have ImageNet's mean 0 and variance 1.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, *, widths: tuple[int, int, int]) -> None:
        super().__init__()
        wide, middle, deep = widths
        self.encoder = nn.Sequential(
            *_convolutions(3, wide, wide),
            nn.MaxPool2d(2),
            *_convolutions(wide, middle, middle),
            nn.MaxPool2d(2),
            *_convolutions(middle, deep),
        )
        self.decoder = nn.Sequential(
            *_convolutions(deep, middle),
            _enlargement(),
            *_convolutions(middle, middle, wide),
            _enlargement(),
            *_convolutions(wide, wide),
        )
        self.last = nn.Conv2d(wide, 3, 3, padding=1)
        for name, values in (("mean", _MEAN), ("std", _STD)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        latent = self.encoder((lr - self.mean) / self.std)
        sr: Tensor = self.last(self.decoder(latent))
        return sr * self.std + self.mean


def _convolutions(*widths: int) -> Iterator[nn.Module]:
    for inputs, outputs in pairwise(widths):
        yield nn.Conv2d(inputs, outputs, 3, padding=1)
        yield nn.ReLU(inplace=True)


def _enlargement() -> nn.Upsample:
    return nn.Upsample(scale_factor=4, mode="bicubic", align_corners=False)
