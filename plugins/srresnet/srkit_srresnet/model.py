"""What does SRResNet compute?"""

from typing import Final, Literal

from torch import Tensor, nn
from torch.nn import functional

SHUFFLES: Final[dict[int, tuple[int, ...]]] = {2: (2,), 3: (3,), 4: (2, 2)}
"""Factor of each pixel shuffle. The paper has x4 only; x3 in one shuffle is a deviation, as in EDSR."""


class SRResNet(nn.Module):
    """SRGAN's generator: LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW); any float dtype.

    With the tanh head SR lies in [0, 1]: the paper's [-1, 1] is converted here. Without it SR is not bounded.
    Ledig et al. 2017, figure 4: the global skip is added after the fusion convolution and its normalisation.
    """

    def __init__(self, *, scale: int, blocks: int, features: int, head: Literal["tanh", "linear"]) -> None:
        super().__init__()
        first, *more = SHUFFLES[scale]
        self._bounded = head == "tanh"
        self.conv_in = nn.Conv2d(3, features, 9, padding=4)
        self.act_in = nn.PReLU()
        self.body = nn.Sequential(*(ResidualBlock(features) for _ in range(blocks)))
        self.conv_mid = nn.Conv2d(features, features, 3, padding=1)
        self.bn_mid = nn.BatchNorm2d(features)
        self.up1, self.upact1 = _widen(features, first), nn.PReLU()
        if more:
            self.up2, self.upact2 = _widen(features, more[0]), nn.PReLU()
        self._shuffles = (first, *more)
        self.conv_out = nn.Conv2d(features, 3, 9, padding=4)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        shallow = self.act_in(self.conv_in(lr))
        x = shallow + self.bn_mid(self.conv_mid(self.body(shallow)))
        x = self.upact1(functional.pixel_shuffle(self.up1(x), self._shuffles[0]))
        if len(self._shuffles) > 1:
            x = self.upact2(functional.pixel_shuffle(self.up2(x), self._shuffles[1]))
        sr: Tensor = self.conv_out(x)
        return (sr.tanh() + 1) / 2 if self._bounded else sr


class ResidualBlock(nn.Module):
    """Convolution, normalisation, PReLU, convolution, normalisation, and the skip; (B, F, H, W) -> (B, F, H, W)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(features)
        self.act = nn.PReLU()
        self.conv2 = nn.Conv2d(features, features, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(features)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the branch."""
        branch: Tensor = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        return x + branch


def _widen(features: int, factor: int) -> nn.Conv2d:
    return nn.Conv2d(features, features * factor**2, 3, padding=1)
