"""Announces the VGG-style discriminators of SRGAN and of BasicSR."""

from collections.abc import Mapping
from typing import Any, Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Discriminator
from srkit_core.specs import DiscriminatorSpec, LayoutSpec
from srkit_vgg_disc.vgg_layouts import VGG_LAYOUTS


def vgg(
    *,
    features: Count = 64,
    norm: Literal["batch", "none", "spectral"] = "batch",
    first_norm: bool = True,
    pool: Count | None = 1,
) -> Discriminator:
    """Eight 3x3 convolutions, every second of stride 2, and two dense layers on what is left: one
    logit a picture.

    Args:
        features: channels of the first convolution; they double to eight times as many.
        norm: batch normalisation of the eight convolutions, spectral normalisation of these and the
            dense layers, or none.
        first_norm: whether the first convolution is normalised too (in SRGAN's figure 4 it is not).
        pool: the last map is averaged to pool x pool values for the dense layers: 1 is global
            pooling, 6 the map of SRGAN's 96-pixel crops. A sixteenth of the crops' side, rounded
            up, takes the map as it is, flattened. None: the layers see each place of the map alone,
            as 1x1 convolutions, and give a logit for every 16 x 16 pixels.
    """
    from srkit_vgg_disc.model import VGGDiscriminator

    return VGGDiscriminator(features=features, norm=norm, first_norm=first_norm, pool=pool)


def vgg_basicsr(*, size: Literal[128, 256] = 128, features: Count = 64) -> Discriminator:
    """BasicSR's VGGStyleDiscriminator: levels of a 3x3 and a 4x4 convolution of stride 2 down to a
    map of 4 x 4, with batch normalisation, and two dense layers on it: one logit a picture.

    Pictures are taken as they are, in [0, 1], and layers are named as there.

    Args:
        size: side of the pictures, which is the patch of every adversarial stage: 128 has five
            levels, 256 has six.
        features: channels of the first level; they double to eight times as many.
    """
    from srkit_vgg_disc.basicsr_discriminator import BasicSRDiscriminator

    return BasicSRDiscriminator(size=size, features=features)


def _side(options: Mapping[str, Any], /) -> int:
    return int(options["size"])


def _min_size(options: Mapping[str, Any], /) -> int:
    """Say which side leaves more than one value a channel: after four halvings for batch
    normalisation of one picture.

    Else before the fourth, because of a 1x1 map a 3x3 convolution of stride 2 sees nothing but its
    centre, and bfloat16 on a CPU then leaves the rest of its gradient unset (measured with torch
    2.15).
    """
    return 17 if options["norm"] == "batch" else 9


def _lipschitz(options: Mapping[str, Any], /) -> bool:
    return bool(options["norm"] == "spectral" and options["first_norm"])


@hookimpl
def srkit_components() -> list[DiscriminatorSpec | LayoutSpec]:
    """Announce `vgg` and `vgg-basicsr`, and how other projects name its tensors."""
    return [
        DiscriminatorSpec(
            name="vgg",
            factory=vgg,
            summary="VGG-style discriminator (SRGAN)",
            small="vgg(features=4)",
            source="Ledig et al. 2017 (SRGAN), figure 4; the pooled head is that of its "
            "re-implementations; "
            "spectral normalisation of Miyato et al. 2018, algorithm 1",
            min_size=_min_size,
            lipschitz=_lipschitz,
        ),
        DiscriminatorSpec(
            name="vgg-basicsr",
            factory=vgg_basicsr,
            summary="VGG-style discriminator for one size of pictures (BasicSR)",
            small="vgg-basicsr(features=4)",
            source="VGGStyleDiscriminator in the code of BasicSR 1.4, with which its ESRGAN is "
            "trained; after Ledig et al. 2017 (SRGAN), figure 4",
            min_size=_side,
            max_size=_side,
        ),
        *VGG_LAYOUTS,
    ]
