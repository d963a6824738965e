"""How alike is the structure of two pictures on several scales?"""

from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.builtin.structural_similarity import StructuralDissimilarity
from srkit_core.errors import DataError, OptionError

_MOST: Final = 1 - 1e-4
"""A structure below this similarity, 1e-4, counts as that in a loss: a power of a negative number
is none, and of 0 it has no slope.
"""


class MultiScaleDissimilarity:
    """1 - SSIM's parts on each scale of a picture (Wang et al. 2003, section 3.1).

    The coarsest scale has luminance too, the others contrast and structure alone. From scale to
    scale sides are halved by means of 2 x 2, and what is left over at the end of an odd side is a
    mean of what is there, as in the paper's MATLAB code.
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

    def __call__(self, sr: Tensor, hr: Tensor) -> Iterator[tuple[float, Tensor]]:
        """Yield the exponent of each scale and the mean over its positions, (B, C), of pictures
        (B, C, H, W) in [0, 1].

        Raises DataError when the window does not fit the coarsest scale.
        """
        self._check_room(sr)
        for number, weight in enumerate(self._weights, start=1):
            mean = self._dissimilarity.means(sr, hr, whole=number == len(self._weights))
            yield weight, mean
            sr, hr = _halved(sr), _halved(hr)

    def _check_room(self, picture: Tensor) -> None:
        height, width = picture.shape[-2:]
        if min(height, width) < self._smallest:
            raise DataError(
                f"a picture of {width} x {height} pixels is too small for {len(self._weights)} "
                f"scales of 'msssim', which need {self._smallest}",
                hint="fewer weights, a smaller window, or larger pictures",
            )


class MultiScaleSSIMLoss:
    """1 - MS-SSIM (Wang et al. 2003, eq. 7), mean over pictures and channels; a scalar in [0, 1].

    Each scale has the mean of its similarity to the power of its weight.
    """

    def __init__(self, *, weights: tuple[float, ...], window: int, sigma: float) -> None:
        """Take what `MultiScaleDissimilarity` does."""
        self._scales = MultiScaleDissimilarity(weights=weights, window=window, sigma=sigma)

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss of (B, C, H, W) pictures in [0, 1], in their dtype.

        Raises DataError when the window does not fit the coarsest scale.
        """
        logarithms = [
            weight * torch.log1p(-mean.clamp(max=_MOST)) for weight, mean in self._scales(sr, hr)
        ]
        return -torch.expm1(torch.stack(logarithms).sum(0)).mean()


def _halved(picture: Tensor) -> Tensor:
    return functional.avg_pool2d(picture, 2, ceil_mode=True, count_include_pad=False)
