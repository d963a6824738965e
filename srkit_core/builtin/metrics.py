"""How near is a picture to its original, in the figures of the published tables?"""

from torch import Tensor

from srkit_core.builtin.similarity import Dissimilarity
from srkit_core.errors import DataError


class PSNR:
    """10 log10(1 / MSE) in dB, the MSE over channels and positions of a picture; infinite for identical pictures."""

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, C, H, W) pictures in [0, 1]: (B,) float64; raises DataError when the shapes differ."""
        sr, hr = _comparable(sr, hr)
        return -10 * (sr - hr).square_().mean(dim=(1, 2, 3)).log10()


class SSIM:
    """Structural similarity (Wang et al. 2004, eq. 13), mean over positions and channels, in [-1, 1]."""

    def __init__(self, *, window: int, sigma: float) -> None:
        """Take the side of the window (odd) and its sigma (positive), in pixels; raises OptionError on others."""
        self._dissimilarity = Dissimilarity(window=window, sigma=sigma)

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, C, H, W) pictures in [0, 1]: (B,) float64; raises DataError when shapes differ or the window does not fit."""
        return 1 - self._dissimilarity(*_comparable(sr, hr)).mean(dim=(1, 2, 3))


def _comparable(sr: Tensor, hr: Tensor) -> tuple[Tensor, Tensor]:
    """Return both as float64; mps has none, so the CPU takes over there."""
    if sr.shape != hr.shape:
        raise DataError(f"a picture of shape {tuple(sr.shape)} cannot be compared with {tuple(hr.shape)}", hint="crop HR to scale times LR")
    if sr.device.type == "mps":
        sr, hr = sr.cpu(), hr.cpu()
    return sr.double(), hr.double()
