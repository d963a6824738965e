"""What does the discriminator of the vanilla GAN compute?"""

from itertools import pairwise
from typing import Final

from torch import Tensor, nn

SLOPE: Final = 0.2
WIDEST: Final = 8
"""The most channels, in multiples of the first convolution's."""


class VanillaDiscriminator(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] -> one logit each, (B, 1).

    3x3 convolutions of stride 2 with LeakyReLU, batch normalisation in all but the first, global
    average pooling and a linear layer; the sigmoid is left to the loss. Pictures are brought to
    [-1, 1], the range of a Tanh.
    """

    def __init__(self, *, features: int, layers: int) -> None:
        super().__init__()
        widths = [features * min(2**level, WIDEST) for level in range(layers)]
        first = nn.Sequential(
            nn.Conv2d(3, features, 3, 2, padding=1), nn.LeakyReLU(SLOPE, inplace=True)
        )
        self.features = nn.Sequential(first, *(_block(*ends) for ends in pairwise(widths)))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(widths[-1], 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of a batch."""
        logits: Tensor = self.head(self.pool(self.features(image * 2 - 1)).flatten(1))
        return logits


def _block(inputs: int, outputs: int) -> nn.Sequential:
    """Normalise what a convolution gives; a bias would be taken away again."""
    convolution = nn.Conv2d(inputs, outputs, 3, 2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE, inplace=True))
