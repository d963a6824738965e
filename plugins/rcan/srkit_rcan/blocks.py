"""What does a residual group of RCAN compute?"""

from torch import Tensor, nn


class ResidualGroup(nn.Module):
    """Residual channel attention blocks, a convolution and the skip; (B, F, H, W) -> (B, F, H, W).

    Zhang et al. 2018, section 3.2.
    """

    def __init__(self, blocks: int, features: int, squeezed: int) -> None:
        super().__init__()
        self.residual_group = nn.Sequential(
            *(AttentionBlock(features, squeezed) for _ in range(blocks))
        )
        self.conv = convolution(features, features)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the branch."""
        branch: Tensor = self.conv(self.residual_group(x))
        return x + branch


class AttentionBlock(nn.Module):
    """Convolution, ReLU, convolution, channel attention, and the skip.

    (B, F, H, W) -> (B, F, H, W).

    Zhang et al. 2018, section 3.4 and figure 4.
    """

    def __init__(self, features: int, squeezed: int) -> None:
        super().__init__()
        self.rcab = nn.Sequential(
            convolution(features, features),
            nn.ReLU(inplace=True),
            convolution(features, features),
            ChannelAttention(features, squeezed),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the branch."""
        branch: Tensor = self.rcab(x)
        return x + branch


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


def convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """Return a 3x3 convolution that keeps the size."""
    return nn.Conv2d(inputs, outputs, 3, padding=1)
