"""How much more real does one side look than the other does on average?"""

import torch
from torch import Tensor
from torch.nn.functional import softplus


class RelativisticAverage:
    """Both losses of ESRGAN, on logits of any one shape; scalars >= 0, at least in float32.

    Wang et al. 2018 (ESRGAN) print a sum of two cross entropies (eq. 1 and 2). Their code takes the
    mean of the two, and their published weight, 0.005, goes with the code; so does this loss. Where
    both sides look alike each loss is log 2. The averages run over everything that is given.
    Gradients flow through them, but for those of the discriminator with `detach`.
    """

    def __init__(self, *, detach: bool, real_label: float, fake_label: float) -> None:
        """Take whether the discriminator's averages are detached, and its labels, probabilities."""
        self._detach, self._real_label, self._fake_label = detach, real_label, fake_label

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return what the generator minimises (eq. 2): fake should look more real than real does on
        average.
        """
        real, fake = _in_float32(real, fake)
        return (_missing(fake - real.mean(), 1.0) + _missing(real - fake.mean(), 0.0)) / 2

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return what the discriminator minimises (eq. 1): real should look more real than fake
        does on average.
        """
        real, fake = _in_float32(real, fake)
        real_mean, fake_mean = real.mean(), fake.mean()
        if self._detach:
            real_mean, fake_mean = real_mean.detach(), fake_mean.detach()
        on_real = _missing(real - fake_mean, self._real_label)
        return (on_real + _missing(fake - real_mean, self._fake_label)) / 2


def _in_float32(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits whose sum neither loses nor overflows, as one of half precision does."""
    dtype = torch.promote_types(real.dtype, torch.float32)
    return real.to(dtype), fake.to(dtype)


def _missing(logits: Tensor, label: float) -> Tensor:
    """Return the mean cross entropy of a label with sigmoid(logits).

    Softplus(x) is -log(1 - sigmoid(x)). A label above a half counts from 1, so that one of exactly
    1 or 0 leaves a single term.
    """
    if label > 0.5:
        return softplus(-logits).mean() + (1 - label) * logits.mean()
    return softplus(logits).mean() - label * logits.mean()
