"""Announces the RRDB generator."""

from typing import Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Generator
from srkit_core.specs import GeneratorSpec


def rrdb(
    *,
    scale: int,
    blocks: Count = 23,
    features: Count = 64,
    growth: Count = 32,
    upsampler: Literal["pixelshuffle", "nearest"] = "pixelshuffle",
) -> Generator:
    """Residual-in-residual dense blocks without normalisation; the state dict has ESRGAN's published names.

    Args:
        blocks: number of residual-in-residual dense blocks, the depth.
        features: channels between blocks.
        growth: channels each convolution of a dense block adds.
        upsampler: per factor 2, a convolution to four times the channels and a pixel shuffle, or nearest-neighbour
            enlargement and a convolution (the layout of the published ESRGAN weights).
    """
    from srkit_rrdb.model import RRDBNet

    return RRDBNet(scale=scale, blocks=blocks, features=features, growth=growth, upsampler=upsampler)


@hookimpl
def srkit_components() -> list[GeneratorSpec]:
    """Announce `rrdb`."""
    return [
        GeneratorSpec(
            name="rrdb",
            factory=rrdb,
            summary="residual-in-residual dense blocks (ESRGAN, Real-ESRGAN)",
            source="Wang et al. 2018 (ESRGAN), section 3.1 and figure 4; the nearest upsampler is that of its published code",
            scales=(2, 4),
        )
    ]
