"""Announces the VGG-style critic with spectral normalisation."""

from collections.abc import Mapping
from typing import Any, Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Discriminator
from srkit_core.specs import DiscriminatorSpec


def vgg_sn(*, features: Count = 64, head: Literal["pooled", "map"] = "pooled") -> Discriminator:
    """Eight 3x3 and two 1x1 convolutions, each with spectral normalisation, and no batch
    normalisation.

    It is `vgg(norm=spectral)` of srkit-vgg-disc, with `pool=none` for the map.

    Args:
        features: channels of the first convolution; they double to eight times as many.
        head: one logit a picture, from features averaged over it, or a map of logits at 1/16 of its
            size.
    """
    from srkit_vgg_disc.model import VGGDiscriminator

    return VGGDiscriminator(
        features=features, norm="spectral", first_norm=True, pool=1 if head == "pooled" else None
    )


def _always(options: Mapping[str, Any], /) -> bool:
    return True


@hookimpl
def srkit_components() -> list[DiscriminatorSpec]:
    """Announce `vgg-sn`."""
    return [
        DiscriminatorSpec(
            name="vgg-sn",
            factory=vgg_sn,
            summary="VGG-style critic with spectral normalisation",
            small="vgg-sn(features=4)",
            source="Ledig et al. 2017 (SRGAN), figure 4, with the normalisation of Miyato et al. "
            "2018, algorithm 1",
            min_size=9,  # as of vgg(norm=spectral)
            lipschitz=_always,
        )
    ]
