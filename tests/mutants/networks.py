"""Which networks are small and sound, so that a mutant is one of them but for one thing?"""

from torch import nn
from torch.nn import functional

from srkit_core.specs import GeneratorSpec


class Repeat(nn.Module):
    """A generator that keeps every check: a convolution and repeated pixels."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, lr):
        return functional.interpolate(self.conv(lr), scale_factor=float(self.scale), mode="nearest")


def generator(network, **traits):
    """Return the spec of a generator, built by `network(scale)`."""

    def made(*, scale: int):
        return network(scale)

    usual = {"scales": (2, 4), "receptive": 4}
    return GeneratorSpec(name="made", factory=made, summary="for this test", **(usual | traits))
