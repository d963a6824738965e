"""What does the compact network compute?"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

_FIRST_GAIN: Final = 3.0
_MIDDLE_GAIN: Final = 0.5
_LAST_GAIN: Final = 0.1


class SRVGGNet(nn.Module):
    """A plain stack of convolutions on the LR grid plus nearest-neighbour enlarged LR.

    LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), not clamped; any float dtype. Real-ESRGAN's
    SRVGGNetCompact, with the state dict of its published weights (one list `body`); the initial
    weights are the only deviation.
    """

    def __init__(self, *, scale: int, features: int, blocks: int) -> None:
        super().__init__()
        self._scale = scale
        first = nn.Conv2d(3, features, 3, padding=1)
        middle = [nn.Conv2d(features, features, 3, padding=1) for _ in range(blocks)]
        last = nn.Conv2d(features, 3 * scale**2, 3, padding=1)
        _initialise(first, middle, last)
        self.body = nn.ModuleList()
        for conv in (first, *middle):
            self.body += [conv, nn.PReLU(features)]
        self.body.append(last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        x = lr
        for layer in self.body:
            x = layer(x)
        return functional.pixel_shuffle(x, self._scale) + functional.interpolate(
            lr, scale_factor=float(self._scale), mode="nearest"
        )


@torch.no_grad()
def _initialise(first: nn.Conv2d, middle: list[nn.Conv2d], last: nn.Conv2d) -> None:
    """Rework torch's initial weights so that training starts at the skip and leaves it at once
    (empirical).

    From torch's own values, L1 drives the output to zero and keeps it there: features carry the
    mean brightness, which says nothing about detail, and depth wears the rest down. Here filters of
    the first layer sum to zero, and the middle layers start near the identity.
    """
    first.weight -= first.weight.mean((2, 3), keepdim=True)
    first.weight *= _FIRST_GAIN
    for conv in middle:
        conv.weight *= _MIDDLE_GAIN
        conv.weight[:, :, 1, 1] += torch.eye(len(conv.weight))
    last.weight *= _LAST_GAIN
    for conv in (first, *middle, last):
        _, bias = conv.parameters()
        bias.zero_()
