"""What does RCAN compute?"""

from typing import Final

import torch
from torch import Tensor, nn

from srkit_rcan.blocks import ResidualGroup, convolution

SHUFFLES: Final[dict[int, tuple[int, ...]]] = {2: (2,), 3: (3,), 4: (2, 2)}
"""Factor of each pixel shuffle, as in EDSR (Lim et al. 2017, figure 3)."""
PEAK: Final = 255.0
"""The value of white inside: published weights were trained on 0 to 255."""
MEAN: Final = (0.4488, 0.4371, 0.4040)
"""Mean red, green and blue of DIV2K's training pictures in [0, 1], as the official code has them.
"""


class RCAN(nn.Module):
    """LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), not clamped; any float dtype.

    Zhang et al. 2018, figure 2. Inside, pictures range over 0 to 255 without DIV2K's mean colour.
    Weights start as torch makes them, as in the official code; the paper says nothing about them.
    """

    mean: Tensor

    def __init__(
        self, *, scale: int, groups: int, blocks: int, features: int, squeezed: int
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.conv_first = convolution(3, features)
        self.body = nn.Sequential(
            *(ResidualGroup(blocks, features, squeezed) for _ in range(groups))
        )
        self.conv_after_body = convolution(features, features)
        self.upsample = nn.Sequential(
            *(layer for factor in SHUFFLES[scale] for layer in _enlarge(features, factor))
        )
        self.conv_last = convolution(features, 3)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        shallow = self.conv_first((lr - self.mean) * PEAK)
        deep = shallow + self.conv_after_body(self.body(shallow))
        sr: Tensor = self.conv_last(self.upsample(deep)) / PEAK + self.mean
        return sr


def _enlarge(features: int, factor: int) -> tuple[nn.Module, nn.Module]:
    return convolution(features, features * factor**2), nn.PixelShuffle(factor)
