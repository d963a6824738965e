"""What does SRGAN's discriminator compute?"""

from itertools import pairwise
from typing import Final, Literal

from torch import Tensor, nn

SLOPE: Final = 0.2
WIDTHS: Final = (1, 1, 2, 2, 4, 4, 8, 8)
"""Channels of the eight convolutions, in multiples of the first."""


class VGGDiscriminator(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] -> one logit each, (B, 1).

    Ledig et al. 2017, figure 4, with three deviations that its re-implementations share: the first convolution is
    normalised too, average pooling and 1x1 convolutions replace the dense layers (so any size is accepted), and the
    sigmoid is left to the loss. Pictures are brought to the paper's [-1, 1] here. Batch normalisation in training
    needs more than one value a channel: sides of at least 17 pixels, or more than one picture.
    """

    def __init__(self, *, features: int, norm: Literal["batch", "none"]) -> None:
        super().__init__()
        widths = (3, *(features * width for width in WIDTHS))
        blocks = [_block(inputs, outputs, 1 + index % 2, norm) for index, (inputs, outputs) in enumerate(pairwise(widths))]
        self.features = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Sequential(
            nn.Conv2d(widths[-1], 2 * widths[-1], 1),
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Conv2d(2 * widths[-1], 1, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of a batch."""
        logits: Tensor = self.head(self.pool(self.features(image * 2 - 1)))
        return logits.flatten(1)


def _block(inputs: int, outputs: int, stride: int, norm: Literal["batch", "none"]) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 3, stride, padding=1)]
    if norm == "batch":
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers, nn.LeakyReLU(SLOPE, inplace=True))
