"""Announces the VGG-style critic with spectral normalisation."""

from typing import Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Discriminator
from srkit_core.specs import DiscriminatorSpec


def vgg_sn(*, features: Count = 64, head: Literal["pooled", "map"] = "pooled") -> Discriminator:
    """Eight 3x3 and two 1x1 convolutions, each with spectral normalisation, and no batch normalisation.

    Args:
        features: channels of the first convolution; they double to eight times as many.
        head: one logit a picture, from features averaged over it, or a map of logits at 1/16 of its size.
    """
    from srkit_spectral_norm_disc.model import SpectralNormDiscriminator

    return SpectralNormDiscriminator(features=features, head=head)


@hookimpl
def srkit_components() -> list[DiscriminatorSpec]:
    """Announce `vgg-sn`."""
    return [
        DiscriminatorSpec(
            name="vgg-sn",
            factory=vgg_sn,
            summary="VGG-style critic with spectral normalisation",
            source="Ledig et al. 2017 (SRGAN), figure 4, with the normalisation of Miyato et al. 2018, algorithm 1",
        )
    ]
