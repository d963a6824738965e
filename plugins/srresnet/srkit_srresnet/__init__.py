"""Announces the SRResNet generator."""

from typing import Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Generator
from srkit_core.specs import GeneratorSpec


def srresnet(*, scale: int, blocks: Count = 16, features: Count = 64, head: Literal["tanh", "linear"] = "tanh") -> Generator:
    """Residual blocks with batch normalisation and one slope per PReLU; the generator of SRGAN.

    Args:
        blocks: number of residual blocks, the depth.
        features: channels throughout.
        head: what follows the last convolution: Tanh, whose [-1, 1] is brought to [0, 1], or nothing.
    """
    from srkit_srresnet.model import SRResNet

    return SRResNet(scale=scale, blocks=blocks, features=features, head=head)


@hookimpl
def srkit_components() -> list[GeneratorSpec]:
    """Announce `srresnet`."""
    return [
        GeneratorSpec(
            name="srresnet",
            factory=srresnet,
            summary="residual network with batch normalisation (SRGAN)",
            source="Ledig et al. 2017 (SRGAN), section 2.1.1 and figure 4; x3, by one pixel shuffle of 3, is not in the paper",
            scales=(2, 3, 4),
        )
    ]
