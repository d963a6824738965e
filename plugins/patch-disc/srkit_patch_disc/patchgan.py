"""What does PatchGAN compute?"""

from itertools import pairwise
from typing import Final, Literal

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

PatchNorm = Literal["batch", "instance", "none", "spectral"]

_NEGATIVE_SLOPE: Final = 0.2
_MAX_WIDTH: Final = 8
"""The most channels, in multiples of the first convolution's."""


class PatchDiscriminator(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] -> a map of logits, (B, 1, H // 2**layers - 2, W // 2**layers
    - 2).

    Isola et al. 2017, section 3.2.2 and appendix 6.1.2: 4x4 convolutions, `layers` of stride 2 and
    two of stride 1, so that a logit sees a square of 9 * 2**layers - 2 pixels. Pictures are brought
    to the paper's [-1, 1] here and the sigmoid is left to the loss; the initial weights are
    torch's, a deviation. The first and the last convolution have no batch or instance
    normalisation. Those that have it have no bias, which it would take away.
    """

    def __init__(self, *, features: int, layers: int, norm: PatchNorm) -> None:
        super().__init__()
        widths = [features * min(2**level, _MAX_WIDTH) for level in range(layers + 1)]
        inner = [
            _block(*ends, 2 if level < layers else 1, norm)
            for level, ends in enumerate(pairwise(widths), 1)
        ]
        first, last = (
            nn.Conv2d(3, features, 4, 2, padding=1),
            nn.Conv2d(widths[-1], 1, 4, padding=1),
        )
        self.features = nn.Sequential(
            nn.Sequential(_convolution(first, norm), nn.LeakyReLU(_NEGATIVE_SLOPE, inplace=True)),
            *inner,
        )
        self.head = _convolution(last, norm)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of a batch."""
        logits: Tensor = self.head(self.features(image * 2 - 1))
        return logits


def _block(inputs: int, outputs: int, stride: int, norm: PatchNorm) -> nn.Sequential:
    statistics = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}
    convolution = _convolution(
        nn.Conv2d(inputs, outputs, 4, stride, padding=1, bias=norm not in statistics), norm
    )
    normalisation = [statistics[norm](outputs)] if norm in statistics else []
    return nn.Sequential(convolution, *normalisation, nn.LeakyReLU(_NEGATIVE_SLOPE, inplace=True))


def _convolution(convolution: nn.Conv2d, norm: PatchNorm) -> nn.Module:
    return spectral_norm(convolution) if norm == "spectral" else convolution
