"""How far is the structure of two pictures from the same, on several scales?"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.builtin.structural_similarity import StructuralDissimilarity
from srkit_core.errors import DataError, OptionError

_MOST: Final = 1 - 1e-4
"""A structure below this similarity, 1e-4, counts as that: a power of a negative number is none,
and of 0 it has no slope.
"""


class MultiScaleSSIMLoss:
    """1 - MS-SSIM (Wang et al. 2003, eq. 7), mean over pictures and channels; a scalar in [0, 1].

    Each scale has the mean of contrast and structure to the power of its weight; the coarsest has
    luminance too. From scale to scale sides are halved by means of 2 x 2, and what is left over at
    the end of an odd side is a mean of what is there.
    """

    def __init__(self, *, weights: tuple[float, ...], window: int, sigma: float) -> None:
        """Take an exponent for each scale, the finest first, and the Gaussian window of all.

        Raises OptionError without weights, or for a window that is even.
        """
        if not weights:
            fact = "option 'weights' of 'msssim' expects a number for each scale, not none"
            raise OptionError(fact, component="msssim", option="weights")
        self._weights = weights
        self._dissimilarity = StructuralDissimilarity(
            window=window, sigma=sigma, component="msssim"
        )
        self._smallest = (window - 1) * 2 ** (len(weights) - 1) + 1

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss of (B, C, H, W) pictures in [0, 1], in their dtype.

        Raises DataError when the window does not fit the coarsest scale.
        """
        self._check_room(sr)
        logarithms = []
        for number, weight in enumerate(self._weights, start=1):
            luminance, structure = self._dissimilarity.parts(sr, hr)
            last = number == len(self._weights)
            differs = luminance + structure - luminance * structure if last else structure
            mean = differs.mean(dim=(-2, -1))
            logarithms.append(weight * torch.log1p(-mean.clamp(max=_MOST)))
            sr, hr = _halved(sr), _halved(hr)
        return -torch.expm1(torch.stack(logarithms).sum(0)).mean()

    def _check_room(self, picture: Tensor) -> None:
        height, width = picture.shape[-2:]
        if min(height, width) < self._smallest:
            raise DataError(
                f"a picture of {width} x {height} pixels is too small for {len(self._weights)} "
                f"scales of 'msssim', which need {self._smallest}",
                hint="fewer weights, a smaller window, or larger pictures",
            )


def _halved(picture: Tensor) -> Tensor:
    return functional.avg_pool2d(picture, 2, ceil_mode=True, count_include_pad=False)
