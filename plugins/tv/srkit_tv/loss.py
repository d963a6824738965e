"""How much do neighbouring pixels of a picture differ?"""

from torch import Tensor


class TotalVariation:
    """Mean of squared differences of vertical neighbours, plus that of horizontal ones.

    Takes SR (B, C, H, W) in [0, 1] with H, W >= 2; returns a scalar in [0, 2]. On pictures in [-1,
    1] the value is four times as large.
    """

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the total variation of `sr`."""
        vertical = (sr[:, :, 1:] - sr[:, :, :-1]).square().mean()
        horizontal = (sr[:, :, :, 1:] - sr[:, :, :, :-1]).square().mean()
        return vertical + horizontal
