"""What does RCAN compute?"""

from typing import Final

import torch
from torch import Tensor, nn

_SHUFFLES: Final[dict[int, tuple[int, ...]]] = {2: (2,), 3: (3,), 4: (2, 2)}
"""Factor of each pixel shuffle, as in EDSR (Lim et al. 2017, figure 3)."""


class RCAN(nn.Module):
    """LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), not clamped; any float dtype.

    Zhang et al. 2018, figure 2. Inside, pictures range over 0 to `img_range`, without the
    mean colour. Weights start as torch makes them, as in the official code; the paper says nothing
    about them.
    """

    mean: Tensor

    def __init__(
        self,
        *,
        scale: int,
        groups: int,
        blocks: int,
        features: int,
        squeezed: int,
        res_scale: float,
        img_range: float,
        rgb_mean: tuple[float, float, float],
    ) -> None:
        super().__init__()
        self._range = img_range
        self.register_buffer("mean", torch.tensor(rgb_mean).view(3, 1, 1), persistent=False)
        self.conv_first = _convolution(3, features)
        self.body = nn.Sequential(
            *(ResidualGroup(blocks, features, squeezed, res_scale) for _ in range(groups))
        )
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


class ResidualGroup(nn.Module):
    """Residual channel attention blocks, a convolution and the skip; (B, F, H, W) -> (B, F, H, W).

    Zhang et al. 2018, section 3.2.
    """

    def __init__(self, blocks: int, features: int, squeezed: int, res_scale: float = 1.0) -> None:
        super().__init__()
        self.residual_group = nn.Sequential(
            *(AttentionBlock(features, squeezed, res_scale) for _ in range(blocks))
        )
        self.conv = _convolution(features, features)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the branch."""
        branch: Tensor = self.conv(self.residual_group(x))
        return x + branch


class AttentionBlock(nn.Module):
    """Convolution, ReLU, convolution, channel attention, and the skip.

    (B, F, H, W) -> (B, F, H, W).

    Zhang et al. 2018, section 3.4 and figure 4.
    """

    def __init__(self, features: int, squeezed: int, res_scale: float = 1.0) -> None:
        super().__init__()
        self._res_scale = res_scale
        self.rcab = nn.Sequential(
            _convolution(features, features),
            nn.ReLU(inplace=True),
            _convolution(features, features),
            ChannelAttention(features, squeezed),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the scaled branch."""
        return torch.add(x, self.rcab(x), alpha=self._res_scale)


class ChannelAttention(nn.Module):
    """Weighs each channel in 0 to 1 by what the means of all channels say.

    (B, F, H, W) -> (B, F, H, W).

    Zhang et al. 2018, section 3.3 and figure 3.
    """

    def __init__(self, features: int, squeezed: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(features, squeezed, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(squeezed, features, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the weighed channels."""
        weights: Tensor = self.attention(x)
        return x * weights


def _enlarge(features: int, factor: int) -> tuple[nn.Module, nn.Module]:
    return _convolution(features, features * factor**2), nn.PixelShuffle(factor)


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)
