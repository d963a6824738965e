"""Which attention may weigh the residual branch of a block?"""

from collections.abc import Callable
from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from srkit_rrdb import WINDOW

_CHANNEL_REDUCTION: Final = 16
"""Zhang et al. 2018 (RCAN), section 3.5."""
_SELF_REDUCTION: Final = 8
"""Zhang et al. 2019 (SAGAN), section 3."""

Attention = Literal["none", "channel", "self"]


class BranchChannelAttention(nn.Module):
    """Weighs each channel in 0 to 1 by what the means of all channels say.

    (B, F, H, W) -> (B, F, H, W).

    Zhang et al. 2018 (RCAN), section 3.3 and figure 3.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        squeezed = max(1, features // _CHANNEL_REDUCTION)
        self.squeeze = nn.Conv2d(features, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the weighed channels."""
        means = x.mean((2, 3), keepdim=True)
        weights: Tensor = self.expand(functional.relu_(self.squeeze(means))).sigmoid()
        return x * weights


class WindowSelfAttention(nn.Module):
    """Self-attention within windows, added to x.

    (B, F, H, W) -> (B, F, H, W), H and W multiples of WINDOW.

    Zhang et al. 2019 (SAGAN), section 3, equations 1 to 3: the factor `gamma` starts at 0. Windows
    are a deviation, as in Liu et al. 2021 (Swin), section 3.2: work grows with the pixels and not
    with their square, and a pixel compares itself with as many others in a training crop as in a
    whole picture. SAGAN's spectral normalisation is left out.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        inner = max(1, features // _SELF_REDUCTION)
        self.query = nn.Conv2d(features, inner, 1, bias=False)
        self.key = nn.Conv2d(features, inner, 1, bias=False)
        self.value = nn.Conv2d(features, inner, 1, bias=False)
        self.out = nn.Conv2d(inner, features, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the attended values times `gamma`."""
        query, key, value = (
            _windows(projection(x)) for projection in (self.query, self.key, self.value)
        )
        attended = functional.scaled_dot_product_attention(query, key, value, scale=1.0)
        branch: Tensor = self.out(_picture(attended, *x.shape[2:]))
        return x + self.gamma * branch


def _windows(x: Tensor) -> Tensor:
    """Cut (B, C, H, W) into (B * rows of windows, columns of windows, WINDOW * WINDOW, C).

    Two dimensions, because attention on CUDA takes at most 65,535 in each (issue 142228 of
    pytorch).
    """
    batch, channels, height, width = x.shape
    tiles = x.reshape(batch, channels, height // WINDOW, WINDOW, width // WINDOW, WINDOW)
    return tiles.permute(0, 2, 4, 3, 5, 1).reshape(-1, width // WINDOW, WINDOW * WINDOW, channels)


def _picture(windows: Tensor, height: int, width: int) -> Tensor:
    """Undo `_windows`."""
    tiles = windows.reshape(
        -1, height // WINDOW, width // WINDOW, WINDOW, WINDOW, windows.shape[-1]
    )
    return tiles.permute(0, 5, 1, 3, 2, 4).reshape(-1, windows.shape[-1], height, width)


_ATTENTIONS: Final[dict[Attention, Callable[[int], nn.Module]]] = {
    "none": nn.Identity,
    "channel": BranchChannelAttention,
    "self": WindowSelfAttention,
}


def build_attention(name: Attention, features: int) -> nn.Module:
    """Return the attention of that name; `none` has no parameters and returns what it is given."""
    return _ATTENTIONS[name](features)
