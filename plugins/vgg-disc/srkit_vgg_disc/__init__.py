"""Announces the VGG-style discriminator of SRGAN."""

from typing import Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Discriminator
from srkit_core.specs import DiscriminatorSpec


def vgg(*, features: Count = 64, norm: Literal["batch", "none"] = "batch") -> Discriminator:
    """Eight 3x3 convolutions, every second of stride 2, then average pooling and two 1x1 convolutions: one logit a picture.

    Args:
        features: channels of the first convolution; they double to eight times as many.
        norm: batch normalisation after each of the eight convolutions, or none.
    """
    from srkit_vgg_disc.model import VGGDiscriminator

    return VGGDiscriminator(features=features, norm=norm)


@hookimpl
def srkit_components() -> list[DiscriminatorSpec]:
    """Announce `vgg`."""
    return [
        DiscriminatorSpec(
            name="vgg",
            factory=vgg,
            summary="VGG-style discriminator (SRGAN)",
            source="Ledig et al. 2017 (SRGAN), figure 4; the pooled 1x1 head is that of its re-implementations",
            min_size=17,
        )
    ]
