"""What does the compact network compute?"""

from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

LAST_GAIN: Final = 0.1
"""Factor of the last convolution's initial weights, so that training starts near the skip (empirical)."""


class SRVGGNet(nn.Module):
    """A plain stack of convolutions on the LR grid plus an enlarged copy of LR.

    LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), not clamped; any float dtype. Real-ESRGAN's SRVGGNetCompact, with
    the state dict of its published weights (one list `body`); LAST_GAIN is the only deviation.
    """

    def __init__(self, *, scale: int, blocks: int, features: int, skip: Literal["nearest", "bicubic"]) -> None:
        super().__init__()
        self._scale = scale
        self._skip = skip
        self.body = nn.ModuleList([nn.Conv2d(3, features, 3, padding=1), nn.PReLU(features)])
        for _ in range(blocks):
            self.body += [nn.Conv2d(features, features, 3, padding=1), nn.PReLU(features)]
        self.body.append(_last(features, 3 * scale**2))

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        x = lr
        for layer in self.body:
            x = layer(x)
        return functional.pixel_shuffle(x, self._scale) + functional.interpolate(lr, scale_factor=float(self._scale), mode=self._skip)


def _last(features: int, outputs: int) -> nn.Conv2d:
    conv = nn.Conv2d(features, outputs, 3, padding=1)
    with torch.no_grad():
        conv.weight *= LAST_GAIN
        conv.bias.zero_()
    return conv
