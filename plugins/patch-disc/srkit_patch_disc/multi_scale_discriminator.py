"""Which logits do several discriminators give, each for another size of a picture?"""

from collections.abc import Callable
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from srkit_core.interfaces import Discriminator


class MultiScaleDiscriminator(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] -> the logits of `n` discriminators, as a tuple with the
    largest size first.

    Wang et al. 2018 (pix2pixHD), section 3.2. Each discriminator has weights of its own and sees
    pictures half as large as the one before; a 2x2 mean halves them, an odd last row or column is
    left out. A discriminator with a tuple of maps adds all of them.
    """

    def __init__(self, of: Callable[[], Discriminator], *, n: int) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(cast(nn.Module, of()) for _ in range(n))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of a batch, a tensor for each map."""
        sizes = [image]
        while len(sizes) < len(self.discriminators):
            sizes.append(functional.avg_pool2d(sizes[-1], 2))
        logits = (
            _maps(discriminator(size))
            for discriminator, size in zip(self.discriminators, sizes, strict=True)
        )
        return tuple(one for maps in logits for one in maps)


def _maps(logits: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return logits if isinstance(logits, tuple) else (logits,)
