"""How near is a picture to its original, in the figures of the published tables?"""

from typing import Final

import torch
from torch import Tensor

from srkit_core.builtin.structural_similarity import StructuralDissimilarity
from srkit_core.devices import backend_of
from srkit_core.errors import DataError

_ROWS: Final = 128
"""How many rows of windows are compared at a time: a third of the CPU time of whole pictures
(measured), whose maps fit no cache.
"""


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
        self._overlap = window - 1

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, C, H, W) pictures in [0, 1]: (B,) float64.

        Raises DataError when shapes differ or the window does not fit.
        """
        sr, hr = _comparable(sr, hr)
        self._dissimilarity.check_room(sr)
        _, channels, height, width = sr.shape
        stripes = [
            slice(top, top + _ROWS + self._overlap)
            for top in range(0, height - self._overlap, _ROWS)
        ]
        sums = [
            self._dissimilarity(sr[:, :, rows], hr[:, :, rows]).sum(dim=(1, 2, 3))
            for rows in stripes
        ]
        return 1 - torch.stack(sums).sum(0) / (
            channels * (height - self._overlap) * (width - self._overlap)
        )


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
