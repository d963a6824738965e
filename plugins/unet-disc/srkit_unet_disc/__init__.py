"""Announces the U-Net discriminator of Real-ESRGAN."""

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Discriminator
from srkit_core.specs import DiscriminatorSpec, LayoutSpec
from srkit_unet_disc.unet_layouts import UNET_LAYOUTS


def unet_sn(*, features: Count = 64, skip: bool = True) -> Discriminator:
    """Three strided convolutions down, three enlargements up, spectrally normalised: a logit for
    every pixel.

    Args:
        features: channels of the first convolution; they double to eight times as many.
        skip: whether features of the way down are added to those of their size on the way up.
    """
    from srkit_unet_disc.model import UNetDiscriminator

    return UNetDiscriminator(features=features, skip=skip)


@hookimpl
def srkit_components() -> list[DiscriminatorSpec | LayoutSpec]:
    """Announce `unet-sn`, and how other projects name its tensors."""
    return [
        DiscriminatorSpec(
            name="unet-sn",
            factory=unet_sn,
            summary="U-Net with spectral normalisation: a logit a pixel (Real-ESRGAN)",
            small="unet-sn(features=4)",
            source="Wang et al. 2021 (Real-ESRGAN), section 3.3 and figure 6, in the layout of "
            "its published code",
            min_size=8,
        ),
        *UNET_LAYOUTS,
    ]
