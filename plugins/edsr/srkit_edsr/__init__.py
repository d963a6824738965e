"""Announces the EDSR generator."""

from collections.abc import Mapping
from typing import Annotated, Any

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, Count, Generator
from srkit_core.specs import GeneratorSpec, LayoutSpec, WeightsSpec
from srkit_edsr.edsr_layouts import EDSR_LAYOUTS
from srkit_edsr.edsr_weights import EDSR_WEIGHTS

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)
"""Mean red, green and blue of DIV2K's training pictures in [0, 1], as the official code has them.
"""


def edsr(
    *,
    scale: int,
    blocks: Count = 16,
    features: Count = 64,
    res_scale: Annotated[float, Between(0, 1)] = 1.0,
    img_range: Annotated[float, Between(low=1e-3)] = 255.0,
    rgb_mean: tuple[float, float, float] = DIV2K_MEAN,
) -> Generator:
    """Residual blocks without normalisation; the state dict has BasicSR's names.

    The defaults are the paper's baseline; its large model is `edsr(blocks=32, features=256,
    res_scale=0.1)`.

    Args:
        blocks: number of residual blocks, the depth.
        features: channels throughout.
        res_scale: factor of every residual branch before it is added; the paper's large model needs
            0.1 to train stably.
        img_range: the value of white inside; published weights were trained on 0 to 255.
        rgb_mean: mean red, green and blue in [0, 1], taken off before and added after; by default
            those of DIV2K.
    """
    from srkit_edsr.model import EDSR

    return EDSR(
        scale=scale,
        blocks=blocks,
        features=features,
        res_scale=res_scale,
        img_range=img_range,
        rgb_mean=rgb_mean,
    )


def _receptive(options: Mapping[str, Any], /) -> int:
    """Count the convolutions: two a block, two around the body, and those of the enlarged grids,
    which reach less far.
    """
    return int(2 * options["blocks"] + 4)


def _opened_by(options: Mapping[str, Any], /) -> str:
    return "BasicSR, as its EDSR with the same options"


@hookimpl
def srkit_components() -> list[GeneratorSpec | LayoutSpec | WeightsSpec]:
    """Announce `edsr`, how other projects name its tensors, and known weights."""
    return [
        GeneratorSpec(
            name="edsr",
            factory=edsr,
            summary="residual blocks without normalisation (EDSR)",
            body="body",
            small="edsr(blocks=1, features=8)",
            source="Lim et al. 2017 (EDSR), section 3, figures 2 and 3, table 1; the mean colour: "
            "section 4.2",
            scales=(2, 3, 4),
            receptive=_receptive,
            opened_by=_opened_by,
        ),
        *EDSR_LAYOUTS,
        *EDSR_WEIGHTS,
    ]
