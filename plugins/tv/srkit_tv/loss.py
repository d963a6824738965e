"""How much do neighbouring pixels of a picture differ?"""

from typing import Literal

from torch import Tensor


class TotalVariation:
    """Mean of squared (l2) or absolute (l1) differences of vertical neighbours, plus that of
    horizontal ones.

    Takes SR (B, C, H, W) in [0, 1] with H, W >= 2; returns a scalar in [0, 2]. On pictures in [-1,
    1] the value is four times as large, with l1 twice.
    """

    def __init__(self, norm: Literal["l1", "l2"] = "l2") -> None:
        """Take how a difference counts."""
        self._norm = norm

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the total variation of `sr`."""
        vertical = sr[:, :, 1:] - sr[:, :, :-1]
        horizontal = sr[:, :, :, 1:] - sr[:, :, :, :-1]
        if self._norm == "l1":
            return vertical.abs().mean() + horizontal.abs().mean()
        return vertical.square().mean() + horizontal.square().mean()
