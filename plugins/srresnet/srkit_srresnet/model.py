"""What does SRResNet compute?"""

from typing import Final

from torch import Tensor, nn
from torch.nn import functional

SHUFFLES: Final[dict[int, tuple[int, ...]]] = {2: (2,), 3: (3,), 4: (2, 2)}
"""Factor of each pixel shuffle.

The paper has x4 only; x3 in one shuffle is a deviation, as in EDSR.
"""


class SRResNet(nn.Module):
    """SRGAN's generator: LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW); any float dtype.

    A bounded SR lies in [0, 1]: the paper's Tanh gives [-1, 1], which is converted here. Ledig et
    al. 2017, figure 4: the global skip is added after the fusion convolution and its normalisation,
    unless `early_skip`. `slopes` is the number of slopes of each PReLU; with `bn_eps` None nothing
    is normalised.
    """

    def __init__(
        self,
        *,
        scale: int,
        blocks: int,
        features: int,
        bounded: bool,
        bn_eps: float | None,
        early_skip: bool,
        slopes: int,
    ) -> None:
        super().__init__()
        self._bounded, self._early_skip, self._shuffles = bounded, early_skip, SHUFFLES[scale]
        self.conv_in = nn.Conv2d(3, features, 9, padding=4)
        self.act_in = nn.PReLU(slopes)
        self.body = nn.Sequential(
            *(NormalisedResidualBlock(features, bn_eps, slopes) for _ in range(blocks))
        )
        self.conv_mid = nn.Conv2d(features, features, 3, padding=1)
        self.bn_mid = _norm(features, bn_eps)
        first, *more = self._shuffles
        self.up1, self.upact1 = _widen(features, first), nn.PReLU(slopes)
        if more:
            self.up2, self.upact2 = _widen(features, more[0]), nn.PReLU(slopes)
        self.conv_out = nn.Conv2d(features, 3, 9, padding=4)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale a batch."""
        shallow = self.act_in(self.conv_in(lr))
        x = self._fuse(shallow, self.body(shallow))
        x = self.upact1(functional.pixel_shuffle(self.up1(x), self._shuffles[0]))
        if len(self._shuffles) > 1:
            x = self.upact2(functional.pixel_shuffle(self.up2(x), self._shuffles[1]))
        sr: Tensor = self.conv_out(x)
        return (sr.tanh() + 1) / 2 if self._bounded else sr

    def _fuse(self, shallow: Tensor, deep: Tensor) -> Tensor:
        fused: Tensor = self.bn_mid(self.conv_mid(shallow + deep if self._early_skip else deep))
        return fused if self._early_skip else shallow + fused


class NormalisedResidualBlock(nn.Module):
    """Convolution, normalisation, PReLU, convolution, normalisation, and the skip.

    (B, F, H, W) -> (B, F, H, W).
    """

    def __init__(self, features: int, bn_eps: float | None, slopes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)
        self.bn1 = _norm(features, bn_eps)
        self.act = nn.PReLU(slopes)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1)
        self.bn2 = _norm(features, bn_eps)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the branch."""
        branch: Tensor = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        return x + branch


def _norm(features: int, bn_eps: float | None) -> nn.Module:
    return nn.Identity() if bn_eps is None else nn.BatchNorm2d(features, eps=bn_eps)


def _widen(features: int, factor: int) -> nn.Conv2d:
    return nn.Conv2d(features, features * factor**2, 3, padding=1)
