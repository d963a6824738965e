"""What does BasicSR's MSRResNet compute?"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from srkit_srresnet.model import SHUFFLES

_NEGATIVE_SLOPE: Final = 0.1
_INIT_GAIN: Final = 0.1
"""BasicSR starts from Kaiming's weights times this, with biases of 0."""


class MSRResNet(nn.Module):
    """BasicSR's modified SRResNet: LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), not clamped.

    Any float dtype.

    The layers add detail to bilinearly enlarged LR. The state dict has BasicSR's names.
    """

    def __init__(self, *, scale: int, blocks: int, features: int) -> None:
        super().__init__()
        self._scale, self._shuffles = scale, SHUFFLES[scale]
        self.conv_first = _convolution(3, features)
        self.body = nn.Sequential(*(PlainBlock(features) for _ in range(blocks)))
        first, *more = self._shuffles
        self.upconv1 = _convolution(features, features * first**2)
        if more:
            self.upconv2 = _convolution(features, features * more[0] ** 2)
        self.conv_hr = _convolution(features, features)
        self.conv_last = _convolution(features, 3)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        x = self.body(functional.leaky_relu_(self.conv_first(lr), _NEGATIVE_SLOPE))
        x = functional.leaky_relu_(
            functional.pixel_shuffle(self.upconv1(x), self._shuffles[0]), _NEGATIVE_SLOPE
        )
        if len(self._shuffles) > 1:
            x = functional.leaky_relu_(
                functional.pixel_shuffle(self.upconv2(x), self._shuffles[1]), _NEGATIVE_SLOPE
            )
        detail: Tensor = self.conv_last(functional.leaky_relu_(self.conv_hr(x), _NEGATIVE_SLOPE))
        return detail + functional.interpolate(lr, scale_factor=float(self._scale), mode="bilinear")


class PlainBlock(nn.Module):
    """Convolution, ReLU, convolution, and the skip; (B, F, H, W) -> (B, F, H, W)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = _convolution(features, features)
        self.conv2 = _convolution(features, features)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the branch."""
        branch: Tensor = self.conv2(functional.relu_(self.conv1(x)))
        return x + branch


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, 3, padding=1)
    weight, bias = conv.parameters()
    nn.init.kaiming_normal_(weight)
    nn.init.zeros_(bias)
    with torch.no_grad():
        weight.mul_(_INIT_GAIN)
    return conv
