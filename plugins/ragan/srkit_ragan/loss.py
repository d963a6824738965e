"""How much more real does one side look than the other does on average?"""

import torch
from torch import Tensor
from torch.nn.functional import softplus


class RelativisticAverage:
    """Both losses of ESRGAN, on logits of any one shape; scalars >= 0, at least in float32.

    Wang et al. 2018 (ESRGAN) print a sum of two cross entropies (eq. 1 and 2). Their code takes the
    mean of the two, and their published weight, 0.005, goes with the code; so does this loss. Where
    both sides look alike each loss is log 2. The averages run over everything that is given, and
    gradients flow through them.
    """

    def generator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return what the generator minimises (eq. 2): fake should look more real than real does on
        average.
        """
        return self._relativistic_bce(fake, real)

    def discriminator(self, real: Tensor, fake: Tensor, /) -> Tensor:
        """Return what the discriminator minimises (eq. 1): real should look more real than fake
        does on average.
        """
        return self._relativistic_bce(real, fake)

    def _relativistic_bce(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the mean cross entropy of "first is real" and "second is not".

        Softplus(-x) is -log sigmoid(x).
        """
        dtype = torch.promote_types(
            first.dtype, torch.float32
        )  # a sum of half-precision logits loses or overflows
        first, second = first.to(dtype), second.to(dtype)
        return (softplus(second.mean() - first).mean() + softplus(second - first.mean()).mean()) / 2
