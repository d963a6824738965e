"""What does the spectrally normalised critic compute?"""

from itertools import pairwise
from typing import Final, Literal

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

SLOPE: Final = 0.2
WIDTHS: Final = (1, 1, 2, 2, 4, 4, 8, 8)
"""Channels of the eight 3x3 convolutions, in multiples of the first."""


class SpectralNormDiscriminator(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] -> logits: (B, 1) with the pooled head, (B, 1, ceil(H/16), ceil(W/16)) with the map.

    The largest singular value of every convolution's weight, as a matrix with a row an output channel, is held near 1
    by one power iteration a pass in training (Miyato et al. 2018, algorithm 1). Any picture size is accepted.
    """

    def __init__(self, *, features: int, head: Literal["pooled", "map"]) -> None:
        super().__init__()
        widths = (3, *(features * width for width in WIDTHS))
        self.features = nn.Sequential(*(_block(inputs, outputs, 1 + index % 2) for index, (inputs, outputs) in enumerate(pairwise(widths))))
        self.pool = nn.AdaptiveAvgPool2d(1) if head == "pooled" else None
        self.head = nn.Sequential(
            spectral_norm(nn.Conv2d(widths[-1], 2 * widths[-1], 1)),
            nn.LeakyReLU(SLOPE, inplace=True),
            spectral_norm(nn.Conv2d(2 * widths[-1], 1, 1)),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of a batch."""
        x: Tensor = self.features(image)
        logits: Tensor = self.head(x) if self.pool is None else self.head(self.pool(x)).flatten(1)
        return logits


def _block(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(spectral_norm(nn.Conv2d(inputs, outputs, 3, stride, padding=1)), nn.LeakyReLU(SLOPE, inplace=True))
