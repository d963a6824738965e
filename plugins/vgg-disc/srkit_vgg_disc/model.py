"""What does SRGAN's discriminator compute?"""

from itertools import pairwise
from typing import Final, Literal

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

Norm = Literal["batch", "none", "spectral"]

_NEGATIVE_SLOPE: Final = 0.2
_WIDTHS: Final = (1, 1, 2, 2, 4, 4, 8, 8)
"""Channels of the eight convolutions, in multiples of the first."""


class VGGDiscriminator(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] -> logits: (B, 1), or (B, 1, ceil(H/16), ceil(W/16)) with
    `pool=None`.

    Ledig et al. 2017, figure 4; the sigmoid is left to the loss, and pictures are brought to the
    paper's [-1, 1] here. The two dense layers are convolutions that cover the whole pooled map: the
    same numbers, and a map without pooling. Spectral normalisation reaches these too: the largest
    singular value of every weight, as a matrix with a row an output channel, is held near 1 by one
    power iteration a pass in training (Miyato et al. 2018, algorithm 1). This bounds the slope of
    the logits, though not by 1: taps overlap, so a 3x3 convolution may stretch a map up to 3 times.
    Batch normalisation in training needs more than one value a channel: sides from 17 pixels, or
    several pictures.
    """

    def __init__(self, *, features: int, norm: Norm, first_norm: bool, pool: int | None) -> None:
        super().__init__()
        widths = (3, *(features * width for width in _WIDTHS))
        norms: tuple[Norm, ...] = (norm if first_norm else "none", *(norm,) * (len(_WIDTHS) - 1))
        self.features = nn.Sequential(
            *(
                _block(*ends, 1 + index % 2, norms[index])
                for index, ends in enumerate(pairwise(widths))
            ),
        )
        self.pool = None if pool is None else nn.AdaptiveAvgPool2d(pool)
        self.head = nn.Sequential(
            _normalised(nn.Conv2d(widths[-1], 2 * widths[-1], pool or 1), norm),
            nn.LeakyReLU(_NEGATIVE_SLOPE, inplace=True),
            _normalised(nn.Conv2d(2 * widths[-1], 1, 1), norm),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of a batch."""
        x: Tensor = self.features(image * 2 - 1)
        logits: Tensor = self.head(x) if self.pool is None else self.head(self.pool(x)).flatten(1)
        return logits


def _block(inputs: int, outputs: int, stride: int, norm: Norm) -> nn.Sequential:
    convolution = _normalised(nn.Conv2d(inputs, outputs, 3, stride, padding=1), norm)
    batch = [nn.BatchNorm2d(outputs)] if norm == "batch" else []
    return nn.Sequential(convolution, *batch, nn.LeakyReLU(_NEGATIVE_SLOPE, inplace=True))


def _normalised(convolution: nn.Conv2d, norm: Norm) -> nn.Module:
    return spectral_norm(convolution) if norm == "spectral" else convolution
