"""What do the two networks of the vanilla GAN compute?"""

from itertools import pairwise
from typing import Final

from torch import Tensor, nn

_FACTORS: Final = {2: (2,), 3: (3,), 4: (2, 2)}
"""The pixel shuffles of each scale."""
_NEGATIVE_SLOPE: Final = 0.2
_MAX_WIDTH: Final = 8
"""The most channels, in multiples of the first convolution's."""


class VanillaGenerator(nn.Module):
    """LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW) in [0, 1], the range of the Tanh at the end.

    3x3 convolutions with PReLU on the LR grid, a convolution, pixel shuffle and PReLU per factor, a
    convolution to RGB and a Tanh. Pictures are in [-1, 1] inside.
    """

    def __init__(self, *, scale: int, features: int, blocks: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _generator_block(3, features),
            *(_generator_block(features, features) for _ in range(blocks)),
        )
        self.upsample = nn.Sequential(
            *(_enlargement(features, factor) for factor in _FACTORS[scale])
        )
        self.last = nn.Conv2d(features, 3, 3, padding=1)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        x: Tensor = self.last(self.upsample(self.body(lr * 2 - 1)))
        return (x.tanh() + 1) / 2


def _generator_block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.PReLU())


def _enlargement(features: int, factor: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(features, features * factor**2, 3, padding=1), nn.PixelShuffle(factor), nn.PReLU()
    )


class VanillaDiscriminator(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] -> one logit each, (B, 1).

    3x3 convolutions of stride 2 with LeakyReLU, batch normalisation in all but the first, global
    average pooling and a linear layer; the sigmoid is left to the loss. Pictures are brought to
    [-1, 1], the range of a Tanh.
    """

    def __init__(self, *, features: int, layers: int) -> None:
        super().__init__()
        widths = [features * min(2**level, _MAX_WIDTH) for level in range(layers)]
        first = nn.Sequential(
            nn.Conv2d(3, features, 3, 2, padding=1), nn.LeakyReLU(_NEGATIVE_SLOPE, inplace=True)
        )
        self.features = nn.Sequential(
            first, *(_discriminator_block(*ends) for ends in pairwise(widths))
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(widths[-1], 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of a batch."""
        logits: Tensor = self.head(self.pool(self.features(image * 2 - 1)).flatten(1))
        return logits


def _discriminator_block(inputs: int, outputs: int) -> nn.Sequential:
    """Normalise what a convolution gives; a bias would be taken away again."""
    convolution = nn.Conv2d(inputs, outputs, 3, 2, padding=1, bias=False)
    return nn.Sequential(
        convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(_NEGATIVE_SLOPE, inplace=True)
    )
