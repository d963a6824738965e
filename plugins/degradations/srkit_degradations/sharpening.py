"""What does unsharp masking do to pictures?"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from srkit_degradations.canvas import Canvas
from srkit_degradations.filtering import filtered_separably
from srkit_degradations.kernels import gaussian_taps
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation
from srkit_degradations.shipping import shipped


@dataclass(frozen=True, kw_only=True)
class Sharpen(PerPictureDegradation):
    """Adds `weight` times what a wide Gaussian takes away, where that is more than `threshold`,
    with soft transitions.

    Options are those of the factory `sharpen`. The Gaussian is separable, so it is applied as two
    one-dimensional ones.
    """

    name: ClassVar[str] = "sharpen"

    weight: float = 0.5
    radius: int = 50
    threshold: float = 10.0

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Sharpen; nothing is drawn."""
        taps = shipped(self._taps(), pictures).expand(len(pictures), -1)
        detail = pictures - filtered_separably(Canvas.of(pictures), taps).pixels
        strong = (detail.abs() * 255 > self.threshold).to(pictures.dtype)
        mask = filtered_separably(Canvas.of(strong), taps).pixels
        sharp = (pictures + self.weight * detail).clamp_(0, 1)
        return torch.lerp(pictures, sharp, mask)

    def _taps(self) -> Tensor:
        """Return (1, K) taps with the standard deviation that OpenCV's getGaussianKernel gives to K
        taps.
        """
        size = 2 * (self.radius // 2) + 1
        sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8
        return gaussian_taps(torch.tensor([size]), torch.tensor([sigma], dtype=torch.float64))
