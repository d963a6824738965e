"""Where, and by how much, does the structure of two pictures differ?"""

import math
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.errors import DataError, OptionError

_C1: Final = 0.01**2
_C2: Final = 0.03**2
"""Wang et al. 2004, eqs. 7 and 12, with K1 = 0.01, K2 = 0.03 and L = 1."""

_SIDES = (-2, -1)

_ROWS: Final = 128
"""How many rows of windows are compared at a time: a third of the CPU time of whole pictures
(measured), whose maps fit no cache.
"""


class StructuralDissimilarity:
    """1 - SSIM (Wang et al. 2004, eq. 13) under a Gaussian window that stays inside the picture.

    With d = SR - HR, eq. 13 is (1 - a)(1 - b) where a = mean(d)^2 / (mean(SR)^2 + mean(HR)^2 + C1)
    and b = var(d) / (var(SR) + var(HR) + C2). Written so, what differs is not the small difference
    of two large numbers, and equal pictures give exactly 0 in any precision. Variances are those of
    the population.
    """

    def __init__(self, *, window: int, sigma: float, component: str = "ssim") -> None:
        """Take the side of the window (odd) and its sigma (positive), in pixels, and the name of
        the component for errors.

        Raises OptionError on others.
        """
        if window < 1 or window % 2 == 0:
            raise OptionError(
                f"option 'window' of '{component}' expects an odd number, not {window}",
                component=component,
                option="window",
            )
        if sigma <= 0:
            raise OptionError(
                f"option 'sigma' of '{component}' expects more than 0, not {sigma}",
                component=component,
                option="sigma",
            )
        taps = [
            math.exp(-0.5 * ((position - window // 2) / sigma) ** 2) for position in range(window)
        ]
        self._taps = tuple(tap / sum(taps) for tap in taps)

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Compare (B, C, H, W) pictures in [0, 1]: (B, C, H - window + 1, W - window + 1) in [0,
        2], of their dtype.

        Raises DataError when the window does not fit.
        """
        self.check_room(sr)
        luminance, structure = self.parts(sr, hr)
        return luminance + structure - luminance * structure

    def parts(self, sr: Tensor, hr: Tensor) -> tuple[Tensor, Tensor]:
        """Return a and b of pictures that are large enough: how much luminance differs, and how
        much contrast and structure do.
        """
        difference = sr - hr
        mean_hr, mean_difference = self._blur(hr), self._blur(difference)
        squares = (mean_hr + mean_difference).square() + mean_hr.square()
        variances = self._blur(sr.square() + hr.square()) - squares
        square = mean_difference.square()
        luminance = square / (squares + _C1)
        structure = (self._blur(difference.square()) - square) / (variances + _C2)
        return luminance, structure

    def means(self, sr: Tensor, hr: Tensor, *, whole: bool) -> Tensor:
        """Return the mean over positions, (B, C): of 1 - SSIM where it is `whole`, else of b, how
        much contrast and structure differ.
        """
        overlap, (height, width) = len(self._taps) - 1, sr.shape[-2:]
        starts = range(0, height - overlap, _ROWS)
        stripes = [slice(top, top + _ROWS + overlap) for top in starts]
        sums = [self._sum(sr[:, :, rows], hr[:, :, rows], whole=whole) for rows in stripes]
        return torch.stack(sums).sum(0) / ((height - overlap) * (width - overlap))

    def _sum(self, sr: Tensor, hr: Tensor, *, whole: bool) -> Tensor:
        luminance, structure = self.parts(sr, hr)
        differs = luminance + structure - luminance * structure if whole else structure
        return differs.sum(dim=_SIDES)

    def check_room(self, picture: Tensor) -> None:
        """Raise DataError when the window does not fit into (B, C, H, W)."""
        height, width = picture.shape[-2:]
        side, window = min(height, width), len(self._taps)
        if side < window:
            raise DataError(
                f"a picture of {width} x {height} pixels is smaller than the {window} x {window} "
                "window of 'ssim'",
                hint=f"ssim(window={side - 1 + side % 2}), or larger pictures",
            )

    def _blur(self, picture: Tensor) -> Tensor:
        blurred: Tensor = _Blur.apply(picture, self._taps)
        return blurred


class _Blur(torch.autograd.Function):
    """Weighted means of the windows that fit: (B, C, H - window + 1, W - window + 1), window =
    len(taps).

    Autograd alone would take twice the time: it makes a full picture for each tap.
    """

    @staticmethod
    def forward(context: Any, picture: Tensor, taps: tuple[float, ...]) -> Tensor:
        context.taps = taps
        for side in _SIDES:
            picture = _blur_along(picture, side, taps)
        return picture

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Spread each mean's gradient over its window, which is a blur again: the taps are
        symmetric.
        """
        margin = len(context.taps) - 1
        return _Blur.apply(functional.pad(gradients[0], (margin,) * 4), context.taps), None


def _blur_along(picture: Tensor, side: int, taps: tuple[float, ...]) -> Tensor:
    room = picture.shape[side] - len(taps) + 1
    blurred = picture.narrow(side, 0, room) * taps[0]
    for start, tap in enumerate(taps[1:], start=1):
        blurred.add_(picture.narrow(side, start, room), alpha=tap)
    return blurred
