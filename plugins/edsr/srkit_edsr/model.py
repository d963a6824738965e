"""What does EDSR compute?"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

_SHUFFLES: Final[dict[int, tuple[int, ...]]] = {2: (2,), 3: (3,), 4: (2, 2)}
"""Factor of each pixel shuffle: Lim et al. 2017, figure 3."""


class EDSR(nn.Module):
    """LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), not clamped; any float dtype.

    Lim et al. 2017, section 3.2. Inside, pictures range over 0 to `img_range`, without
    the mean colour. Weights start as torch makes them, as in the official code; the paper says
    nothing about them.
    """

    mean: Tensor

    def __init__(
        self,
        *,
        scale: int,
        blocks: int,
        features: int,
        res_scale: float,
        img_range: float,
        rgb_mean: tuple[float, float, float],
    ) -> None:
        super().__init__()
        self._range = img_range
        self.register_buffer("mean", torch.tensor(rgb_mean).view(3, 1, 1), persistent=False)
        self.conv_first = _convolution(3, features)
        self.body = nn.Sequential(*(ResidualBlock(features, res_scale) for _ in range(blocks)))
        self.conv_after_body = _convolution(features, features)
        self.upsample = nn.Sequential(
            *(layer for factor in _SHUFFLES[scale] for layer in _enlarge(features, factor))
        )
        self.conv_last = _convolution(features, 3)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        shallow = self.conv_first((lr - self.mean) * self._range)
        deep = shallow + self.conv_after_body(self.body(shallow))
        sr: Tensor = self.conv_last(self.upsample(deep)) / self._range + self.mean
        return sr


class ResidualBlock(nn.Module):
    """Convolution, ReLU, convolution, and the skip: Lim et al. 2017, figure 2c.

    (B, F, H, W) -> (B, F, H, W).
    """

    def __init__(self, features: int, res_scale: float) -> None:
        super().__init__()
        self._res_scale = res_scale
        self.conv1 = _convolution(features, features)
        self.conv2 = _convolution(features, features)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the scaled branch."""
        return torch.add(x, self.conv2(functional.relu_(self.conv1(x))), alpha=self._res_scale)


def _enlarge(features: int, factor: int) -> tuple[nn.Module, nn.Module]:
    return _convolution(features, features * factor**2), nn.PixelShuffle(factor)


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)
