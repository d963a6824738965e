"""Announces the autoencoder and the two networks of the vanilla GAN, baselines to compare with."""

from collections.abc import Mapping
from typing import Annotated, Any

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, Count, Discriminator, Generator
from srkit_core.specs import ComponentSpec, DiscriminatorSpec, GeneratorSpec


def autoencoder(*, widths: tuple[Count, Count, Count] = (64, 128, 256)) -> Generator:
    """Five convolutions down to a map of a quarter of LR's sides, five up again to four times LR's
    sides.

    Args:
        widths: channels at the sides of LR, at half of them, and at the quarter; the decoder
            mirrors them.
    """
    from srkit_baselines.convolutional_autoencoder import Autoencoder

    return Autoencoder(widths=widths)


def vanilla_generator(*, scale: int, features: Count = 64, blocks: Count = 4) -> Generator:
    """Convolutions with PReLU, pixel shuffles, and a Tanh that keeps SR in [0, 1].

    Args:
        features: channels throughout.
        blocks: number of convolutions between the first and the pixel shuffles, the depth.
    """
    from srkit_baselines.vanilla_gan import VanillaGenerator

    return VanillaGenerator(scale=scale, features=features, blocks=blocks)


def vanilla_discriminator(
    *, features: Count = 64, layers: Annotated[int, Between(low=2)] = 4
) -> Discriminator:
    """Strided convolutions with batch normalisation, then average pooling and a linear layer: one
    logit a picture.

    Args:
        features: channels of the first convolution; they double a layer, up to eight times as many.
        layers: number of convolutions, each of stride 2, the depth.
    """
    from srkit_baselines.vanilla_gan import VanillaDiscriminator

    return VanillaDiscriminator(features=features, layers=layers)


def _min_size(options: Mapping[str, Any], /) -> int:
    """Say which side leaves batch normalisation more than one value a channel of a single picture:
    2 x 2 after all halvings.
    """
    return int(2 ** options["layers"] + 1)


def _receptive(options: Mapping[str, Any], /) -> int:
    """Count the convolutions on the LR grid, and one more for those behind the first pixel shuffle,
    which reach less far.
    """
    return int(options["blocks"]) + 3


@hookimpl
def srkit_components() -> list[ComponentSpec]:
    """Announce `autoencoder`, and `vanilla-gan` of two kinds."""
    return [
        GeneratorSpec(
            name="autoencoder",
            factory=autoencoder,
            summary="convolutional autoencoder with bicubic upsampling",
            small="autoencoder(widths=[4, 4, 8])",
            source="empirical: the usual layout, five convolutions and two poolings against five "
            "and two enlargements by 4",
            scales=(4,),
            size_multiple=4,
            receptive=27,
        ),
        GeneratorSpec(
            name="vanilla-gan",
            factory=vanilla_generator,
            summary="convolutions, pixel shuffle and Tanh, for purely adversarial training",
            small="vanilla-gan(features=8, blocks=1)",
            source="empirical; adversarial training of Goodfellow et al. 2014, the pixel shuffle "
            "of Shi et al. 2016 (ESPCN)",
            scales=(2, 3, 4),
            receptive=_receptive,
        ),
        DiscriminatorSpec(
            name="vanilla-gan",
            factory=vanilla_discriminator,
            summary="small convolutional classifier with batch normalisation",
            small="vanilla-gan(features=4)",
            source="empirical, after the guidelines of Radford et al. 2016 (DCGAN), section 3",
            min_size=_min_size,
        ),
    ]
