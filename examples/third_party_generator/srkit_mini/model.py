"""What does the network compute?"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class MiniNet(nn.Module):
    """LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), not clamped; any float dtype."""

    def __init__(self, *, scale: int, features: int, blocks: int) -> None:
        super().__init__()
        self.scale = scale
        self.first = nn.Conv2d(3, features, 3, padding=1)
        self.body = nn.Sequential(*(GatedBlock(features) for _ in range(blocks)))
        self.last = nn.Conv2d(features, 3 * scale**2, 3, padding=1)
        with torch.no_grad():  # training starts near enlarged LR
            for value in self.last.parameters():
                value.mul_(0.1)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        detail = functional.pixel_shuffle(self.last(self.body(self.first(lr))), self.scale)
        return detail + functional.interpolate(lr, scale_factor=float(self.scale), mode="nearest")


class GatedBlock(nn.Module):
    """One half of twice the channels, seen 3x3, times the sigmoid of the other; input added."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(features, 2 * features, 1)
        self.depthwise = nn.Conv2d(2 * features, 2 * features, 3, padding=1, groups=2 * features)
        self.reduce = nn.Conv2d(features, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        values, gate = self.depthwise(self.expand(x)).chunk(2, dim=1)
        change: Tensor = self.reduce(values * torch.sigmoid(gate))
        return x + change
