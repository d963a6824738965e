"""What do the standard losses measure?"""

import torch
from torch import Tensor
from torch.nn import functional


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


class Charbonnier:
    """Mean of sqrt(d^2 + eps^2) over the differences d of two (B, C, H, W) pictures in [0, 1] (Lai et al. 2017, eq. 3).

    It is `eps` and not 0 where the pictures agree.
    """

    def __init__(self, eps: float) -> None:
        """Take `eps`, the difference in [0, 1] below which the loss is nearly quadratic."""
        self._eps = eps

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss, a scalar in [eps, sqrt(1 + eps^2)]."""
        return ((sr - hr).square() + self._eps**2).sqrt().mean()


class StandardGAN:
    """Binary cross entropy of sigmoid(logits) with 1 for real and 0 for fake (Goodfellow et al. 2014, eq. 1).

    Logits have any shape; the results are scalars, means over all logits.
    """

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of -log D(fake), the non-saturating form of section 3; `real` is not looked at."""
        return functional.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of -log D(real) plus that of -log(1 - D(fake)): the sum of both, not their mean."""
        on_real = functional.binary_cross_entropy_with_logits(real, torch.ones_like(real))
        on_fake = functional.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
        return on_real + on_fake
