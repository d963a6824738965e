"""What does the generator of the vanilla GAN compute?"""

from typing import Final

from torch import Tensor, nn

FACTORS: Final = {2: (2,), 3: (3,), 4: (2, 2)}
"""The pixel shuffles of each scale."""


class VanillaGenerator(nn.Module):
    """LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW) in [0, 1], the range of the Tanh at the end.

    3x3 convolutions with PReLU on the LR grid, a convolution, pixel shuffle and PReLU per factor, a
    convolution to RGB and a Tanh. Pictures are in [-1, 1] inside.
    """

    def __init__(self, *, scale: int, features: int, blocks: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _block(3, features), *(_block(features, features) for _ in range(blocks))
        )
        self.upsample = nn.Sequential(
            *(_enlargement(features, factor) for factor in FACTORS[scale])
        )
        self.last = nn.Conv2d(features, 3, 3, padding=1)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        x: Tensor = self.last(self.upsample(self.body(lr * 2 - 1)))
        return (x.tanh() + 1) / 2


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.PReLU())


def _enlargement(features: int, factor: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(features, features * factor**2, 3, padding=1), nn.PixelShuffle(factor), nn.PReLU()
    )
