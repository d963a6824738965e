"""Announces PatchGAN and discriminators on several sizes of a picture."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Discriminator
from srkit_core.specs import DiscriminatorSpec


def patch(
    *,
    features: Count = 64,
    layers: Count = 3,
    norm: Literal["batch", "instance", "none", "spectral"] = "batch",
) -> Discriminator:
    """A stack of 4x4 convolutions whose logits see a patch of the picture each, and overlap.

    Args:
        features: channels of the first convolution; they double a layer, up to eight times as many.
        layers: convolutions of stride 2; a logit sees 16 x 16 pixels with 1, 34 with 2, 70 with 3,
            142 with 4, 286 with 5.
        norm: batch or instance normalisation of all convolutions but the first and the last,
            spectral normalisation of all, or none.
    """
    from srkit_patch_disc.patchgan import PatchDiscriminator

    return PatchDiscriminator(features=features, layers=layers, norm=norm)


def multi_scale(*, of: Callable[[], Discriminator], n: Count = 3) -> Discriminator:
    """Several discriminators of one kind, each with its own weights, on the picture and on halves
    of its size.

    Args:
        of: the discriminator, with its options, such as patch or vgg-sn(features=32).
        n: how many there are; the last sees pictures of 1 / 2**(n-1) of the size.
    """
    from srkit_patch_disc.multi_scale_discriminator import MultiScaleDiscriminator

    return MultiScaleDiscriminator(of, n=n)


def _patch_min_size(options: Mapping[str, Any], /) -> int:
    """Say which side leaves 3 x 3 features, from which two 4x4 convolutions with a padding of 1
    make one logit.
    """
    return int(3 * 2 ** options["layers"])


def _patch_lipschitz(options: Mapping[str, Any], /) -> bool:
    return bool(options["norm"] == "spectral")


def _multi_scale_min_size(options: Mapping[str, Any], /) -> int:
    of = options["of"]
    return int(2 ** (options["n"] - 1) * of.amount(of.spec(DiscriminatorSpec).min_size))


def _multi_scale_lipschitz(options: Mapping[str, Any], /) -> bool:
    """Say what holds for each discriminator: a mean of 2 x 2 pixels enlarges no difference."""
    of = options["of"]
    return bool(of.spec(DiscriminatorSpec).lipschitz(of.arguments))


@hookimpl
def srkit_components() -> list[DiscriminatorSpec]:
    """Announce `patch` and `multi-scale`."""
    return [
        DiscriminatorSpec(
            name="patch",
            factory=patch,
            summary="PatchGAN: a logit a patch",
            small="patch(features=4)",
            source="Isola et al. 2017 (pix2pix), section 3.2.2 and appendix 6.1.2; without the "
            "condition it has there",
            min_size=_patch_min_size,
            lipschitz=_patch_lipschitz,
        ),
        DiscriminatorSpec(
            name="multi-scale",
            factory=multi_scale,
            summary="a discriminator on several sizes of a picture",
            small="multi-scale(of=patch(features=4), n=2)",
            source="Wang et al. 2018 (pix2pixHD), section 3.2",
            min_size=_multi_scale_min_size,
            lipschitz=_multi_scale_lipschitz,
        ),
    ]
