"""What do the standard losses measure?"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.builtin.structural_similarity import StructuralDissimilarity


class L1:
    """Mean absolute difference of two (B, C, H, W) pictures in [0, 1]; a scalar in [0, 1]."""

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss in the dtype of the pictures."""
        return functional.l1_loss(sr, hr)


class MSE:
    """Mean squared difference of two (B, C, H, W) pictures in [0, 1]; a scalar in [0, 1]."""

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss in the dtype of the pictures."""
        return functional.mse_loss(sr, hr)


class Huber:
    """Mean of d^2 / 2 where a difference d of two (B, C, H, W) pictures in [0, 1] is at most
    `delta`, else of delta (|d| - delta / 2) (Huber 1964).
    """

    def __init__(self, delta: float) -> None:
        """Take `delta`, the difference in [0, 1] from which the loss is linear."""
        self._delta = delta

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss, a scalar in [0, 1/2]."""
        return functional.huber_loss(sr, hr, delta=self._delta)


class Charbonnier:
    """Mean of sqrt(d^2 + eps^2) over the differences d of two (B, C, H, W) pictures in [0, 1] (Lai
    et al. 2017, eq. 3).

    It is `eps` and not 0 where the pictures agree.
    """

    def __init__(self, eps: float) -> None:
        """Take `eps`, the difference in [0, 1] below which the loss is nearly quadratic."""
        self._eps = eps

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss, a scalar in [eps, sqrt(1 + eps^2)]."""
        return ((sr - hr).square() + self._eps**2).sqrt().mean()


class SSIMLoss:
    """1 - SSIM (Wang et al. 2004, eq. 13), mean over pictures, positions and channels.

    A scalar in [0, 2].
    """

    def __init__(self, *, window: int, sigma: float) -> None:
        """Take the side of the window (odd) and its sigma (positive), in pixels.

        Raises OptionError on others.
        """
        self._dissimilarity = StructuralDissimilarity(window=window, sigma=sigma)

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss of (B, C, H, W) pictures in [0, 1], in their dtype.

        Raises DataError when the window does not fit.
        """
        return self._dissimilarity(sr, hr).mean()


class FFT:
    """Mean absolute difference of the real and of the imaginary parts of two spectra (Cho et al.
    2021, MIMO-UNet, section 3.4).

    The spectra are those of each channel of (B, C, H, W) pictures in [0, 1], with all H x W
    frequencies.
    """

    def __init__(self, *, norm: Literal["backward", "ortho"]) -> None:
        """Take torch's name of what the spectra are divided by: nothing, or sqrt(H W), which keeps
        a picture's energy.
        """
        self._norm = norm

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss, a scalar >= 0."""
        spectrum = torch.fft.fft2(
            sr - hr, norm=self._norm
        )  # of the difference: the transform is linear
        return torch.view_as_real(spectrum).abs().mean()


class StandardGAN:
    """Binary cross entropy of sigmoid(logits) with 1 for real and 0 for fake (Goodfellow et al.
    2014, eq. 1).

    Logits have any shape; the results are scalars, means over all logits.
    """

    def __init__(self, *, real_label: float, fake_label: float) -> None:
        """Take the discriminator's targets for real and for fake pictures, probabilities."""
        self._real_label, self._fake_label = real_label, fake_label

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of -log D(fake), the non-saturating form of section 3.

        `real` is not looked at.
        """
        return functional.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of -log D(real) plus that of -log(1 - D(fake)): the sum of both, not
        their mean.

        With a label l the first is -l log D(real) - (1 - l) log(1 - D(real)), and the second alike.
        """
        on_real = functional.binary_cross_entropy_with_logits(
            real, torch.full_like(real, self._real_label)
        )
        on_fake = functional.binary_cross_entropy_with_logits(
            fake, torch.full_like(fake, self._fake_label)
        )
        return on_real + on_fake
