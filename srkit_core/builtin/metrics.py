"""How near is a picture to its original, in the figures of the published tables?"""

import torch
from torch import Tensor

from srkit_core.builtin.multi_scale_ssim import MultiScaleDissimilarity
from srkit_core.builtin.structural_similarity import StructuralDissimilarity
from srkit_core.devices import backend_of
from srkit_core.errors import DataError


class PSNR:
    """10 log10(1 / MSE) in dB, the MSE over channels and positions of a picture.

    Infinite for identical pictures.
    """

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, C, H, W) pictures in [0, 1]: (B,) float64.

        Raises DataError when the shapes differ.
        """
        sr, hr = _comparable(sr, hr)
        return -10 * (sr - hr).square_().mean(dim=(1, 2, 3)).log10()


class SSIM:
    """Structural similarity (Wang et al. 2004, eq. 13), mean over positions and channels, in [-1,
    1].
    """

    def __init__(self, *, window: int, sigma: float) -> None:
        """Take the side of the window (odd) and its sigma (positive), in pixels.

        Raises OptionError on others.
        """
        self._dissimilarity = StructuralDissimilarity(window=window, sigma=sigma)

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, C, H, W) pictures in [0, 1]: (B,) float64.

        Raises DataError when shapes differ or the window does not fit.
        """
        sr, hr = _comparable(sr, hr)
        self._dissimilarity.check_room(sr)
        return 1 - self._dissimilarity.means(sr, hr, whole=True).mean(1)


class MSSSIM:
    """Structural similarity on several scales (Wang et al. 2003, eq. 7), mean over channels, in [0,
    1].

    A scale on which structure is opposite on average counts as 0: a power of a negative number is
    none.
    """

    def __init__(self, *, weights: tuple[float, ...], window: int, sigma: float) -> None:
        """Take an exponent for each scale, the finest first, and the Gaussian window of all.

        Raises OptionError without weights, or for a window that is even.
        """
        self._scales = MultiScaleDissimilarity(weights=weights, window=window, sigma=sigma)

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, C, H, W) pictures in [0, 1]: (B,) float64.

        Raises DataError when shapes differ or the window does not fit the coarsest scale.
        """
        sr, hr = _comparable(sr, hr)
        factors = [(1 - mean).clamp(min=0) ** weight for weight, mean in self._scales(sr, hr)]
        return torch.stack(factors).prod(0).mean(1)


def _comparable(sr: Tensor, hr: Tensor) -> tuple[Tensor, Tensor]:
    """Return both as float64; where the device has none, the CPU takes over."""
    if sr.shape != hr.shape:
        raise DataError(
            f"a picture of shape {tuple(sr.shape)} cannot be compared with {tuple(hr.shape)}",
            hint="crop HR to scale times LR",
        )
    if not backend_of(sr.device).float64:
        sr, hr = sr.cpu(), hr.cpu()
    return sr.double(), hr.double()
