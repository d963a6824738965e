"""What does the RRDB generator compute?"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from srkit_rrdb.branch_attention import Attention, build_attention
from srkit_rrdb.dense_block import NEGATIVE_SLOPE, RESIDUAL_SCALE, DenseBlock


class RRDBNet(nn.Module):
    """ESRGAN's generator: LR (B, 3, H, W) in [0, 1] -> SR (B, 3, 4H/fold, 4W/fold), not clamped.

    Any float dtype.

    Wang et al. 2018 (ESRGAN), figures 3 and 4, with LeakyReLU 0.2 throughout as in its published
    code. Pixel-unshuffle folds LR, whose sides are multiples of `fold`: Wang et al. 2021
    (Real-ESRGAN), figure 4.
    """

    def __init__(
        self,
        *,
        fold: int,
        blocks: int,
        features: int,
        growth: int,
        upsampler: Literal["pixelshuffle", "nearest"],
        attention: Attention,
    ) -> None:
        super().__init__()
        self._fold, self._shuffles = fold, upsampler == "pixelshuffle"
        widened = 4 * features if self._shuffles else features
        self.conv_first = nn.Conv2d(3 * fold**2, features, 3, padding=1)
        self.body = nn.Sequential(*(RRDB(features, growth, attention) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up1 = nn.Conv2d(features, widened, 3, padding=1)
        self.conv_up2 = nn.Conv2d(features, widened, 3, padding=1)
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, 3, 3, padding=1)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        shallow = self.conv_first(functional.pixel_unshuffle(lr, self._fold))
        x = shallow + self.conv_body(self.body(shallow))
        x = self._enlarge(self._enlarge(x, self.conv_up1), self.conv_up2)
        sr: Tensor = self.conv_last(functional.leaky_relu_(self.conv_hr(x), NEGATIVE_SLOPE))
        return sr

    def _enlarge(self, x: Tensor, conv: nn.Conv2d) -> Tensor:
        if self._shuffles:
            return functional.leaky_relu_(functional.pixel_shuffle(conv(x), 2), NEGATIVE_SLOPE)
        return functional.leaky_relu_(conv(_doubled(x)), NEGATIVE_SLOPE)


def _doubled(x: Tensor) -> Tensor:
    """Enlarge by 2 by nearest neighbours, in the dtype of x: under a GPU's autocast torch would
    cast it to float32, and the next convolution four times as much back.
    """
    with torch.autocast(x.device.type, enabled=False):
        return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class RRDB(nn.Module):
    """Three dense blocks, attention if any, and a scaled residual around them.

    (B, F, H, W) -> (B, F, H, W).
    """

    def __init__(self, features: int, growth: int, attention: Attention) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(features, growth)
        self.rdb2 = DenseBlock(features, growth)
        self.rdb3 = DenseBlock(features, growth)
        self.attention = build_attention(attention, features)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the scaled branch."""
        return torch.add(
            x, self.attention(self.rdb3(self.rdb2(self.rdb1(x)))), alpha=RESIDUAL_SCALE
        )
