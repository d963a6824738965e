"""Announces the EDSR generator."""

from typing import Annotated

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, Count, Generator
from srkit_core.specs import GeneratorSpec, LayoutSpec
from srkit_edsr.layouts import LAYOUTS


def edsr(
    *,
    scale: int,
    blocks: Count = 16,
    features: Count = 64,
    res_scale: Annotated[float, Between(0, 1)] = 1.0,
) -> Generator:
    """Residual blocks without normalisation; the state dict has BasicSR's names.

    The defaults are the paper's baseline; its large model is `edsr(blocks=32, features=256,
    res_scale=0.1)`.

    Args:
        blocks: number of residual blocks, the depth.
        features: channels throughout.
        res_scale: factor of every residual branch before it is added; the paper's large model needs
            0.1 to train stably.
    """
    from srkit_edsr.model import EDSR

    return EDSR(scale=scale, blocks=blocks, features=features, res_scale=res_scale)


@hookimpl
def srkit_components() -> list[GeneratorSpec | LayoutSpec]:
    """Announce `edsr`, and how other projects name its tensors."""
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
        ),
        *LAYOUTS,
    ]
