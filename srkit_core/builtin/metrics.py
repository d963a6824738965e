"""How near is a picture to its original, in the figures of the published tables?"""

import math
from typing import Final

from torch import Tensor

from srkit_core.errors import DataError, OptionError

_C1: Final = 0.01**2
_C2: Final = 0.03**2
"""Wang et al. 2004, eqs. 7 and 12, with K1 = 0.01, K2 = 0.03 and L = 1."""


class PSNR:
    """10 log10(1 / MSE) in dB, the MSE over channels and positions of a picture; infinite for identical pictures."""

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, C, H, W) pictures in [0, 1]: (B,) float64; raises DataError when the shapes differ."""
        sr, hr = _comparable(sr, hr)
        return -10 * (sr - hr).square_().mean(dim=(1, 2, 3)).log10()


class SSIM:
    """Structural similarity (Wang et al. 2004, eq. 13) under a Gaussian window, in [-1, 1].

    The window stays inside the picture; covariances are those of the population; the score is the mean over positions
    and channels.
    """

    def __init__(self, *, window: int, sigma: float) -> None:
        """Take the side of the window (odd) and its sigma (positive), in pixels; raises OptionError on others."""
        if window < 1 or window % 2 == 0:
            raise OptionError(f"option 'window' of 'ssim' expects an odd number, not {window}", component="ssim", option="window")
        if sigma <= 0:
            raise OptionError(f"option 'sigma' of 'ssim' expects more than 0, not {sigma}", component="ssim", option="sigma")
        taps = [math.exp(-0.5 * ((position - window // 2) / sigma) ** 2) for position in range(window)]
        self._taps = [tap / sum(taps) for tap in taps]

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, C, H, W) pictures in [0, 1]: (B,) float64; raises DataError when shapes differ or the window does not fit."""
        sr, hr = _comparable(sr, hr)
        self._check_room(sr)
        mean_sr, mean_hr = self._blur(sr), self._blur(hr)
        product, squares = mean_sr * mean_hr, mean_sr.square() + mean_hr.square()
        covariance = self._blur(sr * hr) - product
        variances = self._blur(sr.square() + hr.square()) - squares
        similarity = (2 * product + _C1) * (2 * covariance + _C2) / ((squares + _C1) * (variances + _C2))
        return similarity.mean(dim=(1, 2, 3))

    def _check_room(self, picture: Tensor) -> None:
        height, width = picture.shape[-2:]
        side, window = min(height, width), len(self._taps)
        if side < window:
            raise DataError(
                f"a picture of {width} x {height} pixels is smaller than the {window} x {window} window of 'ssim'",
                hint=f"--metrics 'psnr + ssim(window={side - 1 + side % 2})'",
            )

    def _blur(self, picture: Tensor) -> Tensor:
        """Return the weighted mean in each window that fits: (B, C, H - window + 1, W - window + 1)."""
        for side in (-2, -1):
            picture = self._blur_along(picture, side)
        return picture

    def _blur_along(self, picture: Tensor, side: int) -> Tensor:
        room = picture.shape[side] - len(self._taps) + 1
        blurred = picture.narrow(side, 0, room) * self._taps[0]
        for start, tap in enumerate(self._taps[1:], start=1):
            blurred.add_(picture.narrow(side, start, room), alpha=tap)
        return blurred


def _comparable(sr: Tensor, hr: Tensor) -> tuple[Tensor, Tensor]:
    """Return both as float64; mps has none, so the CPU takes over there."""
    if sr.shape != hr.shape:
        raise DataError(f"a picture of shape {tuple(sr.shape)} cannot be compared with {tuple(hr.shape)}", hint="crop HR to scale times LR")
    if sr.device.type == "mps":
        sr, hr = sr.cpu(), hr.cpu()
    return sr.double(), hr.double()
