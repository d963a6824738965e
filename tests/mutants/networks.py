"""Which networks are small and sound, so that a mutant is one of them but for one thing?"""

import torch
from mutants.machinery import Mutant, held
from torch import nn
from torch.nn import functional

from srkit_core.specs import DiscriminatorSpec, GeneratorSpec
from srkit_core.testing import DiscriminatorContract, GeneratorContract


class Repeat(nn.Module):
    """A generator that keeps every check: a convolution and repeated pixels."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def body_of(self, lr):
        """What a mutant changes: LR -> what is enlarged."""
        return self.conv(lr)

    def enlarged(self, made):
        """Repeat every pixel."""
        return functional.interpolate(made, scale_factor=float(self.scale), mode="nearest")

    def forward(self, lr):
        return self.enlarged(self.body_of(lr))


class Judge(nn.Module):
    """A discriminator that keeps every check: two convolutions and a mean over places."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1, stride=2)
        self.last = nn.Conv2d(6, 1, 1)

    def features(self, image):
        """(B, 3, H, W) -> (B, 6, H/2, W/2)."""
        return functional.leaky_relu(self.first(image), 0.2)

    def forward(self, image):
        return self.last(self.features(image)).mean((2, 3))


def generator(network, **traits):
    """Return the spec of a generator, built by `network(scale)`."""

    def made(*, scale: int):
        """Enlarge pictures."""
        return network(scale)

    usual = {"scales": (2, 4), "receptive": 4}
    return GeneratorSpec(name="made", factory=made, summary="for this test", **(usual | traits))


def discriminator(network, **traits):
    """Return the spec of a discriminator, built by `network()`."""

    def made():
        """Judge pictures."""
        return network()

    return DiscriminatorSpec(name="made", factory=made, summary="for this test", **traits)


def broken_generator(name, network, caught_by, says, *, traits=None, scale=4, **more):
    """Return the row of a generator that is broken in one way."""
    spec = generator(network, **(traits or {}))
    contract = held(GeneratorContract, spec, scale=scale)
    check = f"test_{caught_by}" if caught_by else ""
    return Mutant(name=name, held=contract, caught_by=check, says=says, **more)


def broken_judge(name, network, caught_by, says, *, traits=None, patch=16, **more):
    """Return the row of a discriminator that is broken in one way."""
    contract = held(DiscriminatorContract, discriminator(network, **(traits or {})), patch=patch)
    check = f"test_{caught_by}" if caught_by else ""
    return Mutant(name=name, held=contract, caught_by=check, says=says, **more)


def of(change=None, *, init=None, base=Repeat, **methods):
    """Return a network as `base` with another `body_of` (or, for a Judge, `features`), and more
    done in its constructor.
    """

    def built(self, *arguments):
        base.__init__(self, *arguments)
        if init is not None:
            init(self)

    name = "body_of" if issubclass(base, Repeat) else "features"
    changed = {} if change is None else {name: change}
    return type("Mutated", (base,), {"__init__": built, **changed, **methods})


def gain(value=1.0):
    """Return a parameter of three numbers that a mutant multiplies colours by."""
    return nn.Parameter(torch.full((3, 1, 1), value))
