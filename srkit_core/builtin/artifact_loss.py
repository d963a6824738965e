"""Where does SR look like artifacts rather than details?"""

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.errors import OptionError

_STABILITY = 0.2
"""The power of the variance of a whole picture (Liang et al. 2022, section 3: a fifth)."""
_LEAST = 1e-12
"""Below this variance of a whole picture the power has too steep a slope for a gradient."""


class ArtifactLoss:
    """Mean absolute difference of SR and HR, weighted by an artifact map of the two (Liang et al.
    2022, LDL, eq. 2 to 4 and 6, without the comparison with an averaged generator of eq. 5).

    The residual is the absolute difference, summed over channels. Its variance in a window around a
    pixel, times a fifth power of its variance over the picture, is the weight of that pixel; the
    gradient flows through it, as in the published code. A scalar >= 0.
    """

    def __init__(self, *, window: int) -> None:
        """Take the side of the window in pixels; raises OptionError for an even one."""
        if window % 2 == 0:
            raise OptionError(
                f"option 'window' of 'ldl' expects an odd number, not {window}",
                component="ldl",
                option="window",
            )
        self._window = window

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss of (B, C, H, W) pictures in [0, 1], whose sides hold half a window."""
        differences = (sr - hr).abs()
        residual = differences.sum(1, keepdim=True)
        whole = residual.var(dim=(1, 2, 3), keepdim=True).clamp(min=_LEAST) ** _STABILITY
        return (whole * self._local_variance(residual) * differences).mean()

    def _local_variance(self, residual: Tensor) -> Tensor:
        """Return the variance of the window around each pixel, (B, 1, H, W), of a residual that is
        mirrored at its borders.
        """
        side = self._window
        padded = functional.pad(residual, (side // 2,) * 4, mode="reflect")
        windows = padded.unfold(2, side, 1).unfold(3, side, 1)
        return torch.var(windows, dim=(-2, -1))
