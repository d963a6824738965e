"""What do generator and discriminator minimise in GAN losses without cross entropy?

Scores are what a discriminator returns, raw, of any shape; every loss is a scalar, a mean over
all of them.
"""

from typing import Literal

from torch import Tensor
from torch.nn.functional import relu


class LeastSquares:
    """Least-squares losses of Mao et al. 2017 with the 0-1 coding of eq. 9, both >= 0.

    Labels other than 1 and 0 are the discriminator's alone.
    """

    def __init__(
        self,
        *,
        half: Literal["both", "discriminator", "neither"],
        real_label: float,
        fake_label: float,
    ) -> None:
        """Take which losses have the factor 1/2 of eq. 9, and the discriminator's targets."""
        self._generator_factor = 0.5 if half == "both" else 1.0
        self._discriminator_factor = 1.0 if half == "neither" else 0.5
        self._real_label, self._fake_label = real_label, fake_label

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of (D(fake) - 1)^2, times its factor; `real` is not looked at."""
        return self._generator_factor * (fake - 1).square().mean()

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of (D(real) - real label)^2 plus that of (D(fake) - fake label)^2, times
        its factor.
        """
        on_real = (real - self._real_label).square().mean()
        on_fake = (fake - self._fake_label).square().mean()
        return self._discriminator_factor * (on_real + on_fake)


class Hinge:
    """Hinge losses of Lim & Ye 2017 and Miyato et al. 2018 (eq. 16 and 17).

    The discriminator has nothing to gain from scores beyond its margin of 1, and gets no gradient
    there.
    """

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of -D(fake), of either sign; `real` is not looked at."""
        return -fake.mean()

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of max(0, 1 - D(real)) plus that of max(0, 1 + D(fake)), >= 0."""
        return relu(1 - real).mean() + relu(1 + fake).mean()


class Wasserstein:
    """Losses of Arjovsky et al. 2017; the scores must be those of a Lipschitz discriminator.

    Both have either sign.
    """

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of -D(fake) (algorithm 1, line 10); `real` is not looked at."""
        return -fake.mean()

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of D(fake) minus that of D(real): the negative of eq. 3, which the
        discriminator maximises.
        """
        return fake.mean() - real.mean()


class ProbabilityGAN:
    """Losses without logarithms of SRGAN re-implementations, on D = sigmoid(logits).

    Where a logit is far from 0 its gradient vanishes, right or wrong: that is the form's own.
    """

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of 1 - D(fake), in [0, 1]; `real` is not looked at."""
        return (-fake).sigmoid().mean()  # 1 - sigmoid(x) is sigmoid(-x), which does not round to 0

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return the mean of 1 - D(real) plus that of D(fake), in [0, 2]."""
        return (-real).sigmoid().mean() + fake.sigmoid().mean()
