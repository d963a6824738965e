"""Announces the RCAN generator."""

from collections.abc import Mapping
from typing import Annotated, Any

from srkit_core.errors import OptionError
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, Count, Generator
from srkit_core.specs import EVERYWHERE, GeneratorSpec, LayoutSpec
from srkit_rcan.rcan_layouts import RCAN_LAYOUTS

RCAN_MEAN = (0.4488, 0.4371, 0.4040)
"""Mean red, green and blue of DIV2K's training pictures in [0, 1], as the official code has them.
"""


def rcan(
    *,
    scale: int,
    groups: Count = 10,
    blocks: Count = 20,
    features: Count = 64,
    reduction: Count = 16,
    res_scale: Annotated[float, Between(0, 1)] = 1.0,
    img_range: Annotated[float, Between(low=1e-3)] = 255.0,
    rgb_mean: tuple[float, float, float] = RCAN_MEAN,
) -> Generator:
    """Groups of residual blocks whose channels are weighed by attention.

    The state dict has BasicSR's names.

    The defaults are the paper's model. Attention looks at the mean of what the network sees: a
    crop, a tile or a picture.

    Args:
        groups: number of residual groups.
        blocks: number of residual channel attention blocks in each group.
        features: channels throughout.
        reduction: by how many times attention squeezes the channels (rounded down); at most
            `features`.
        res_scale: factor of the branch of every attention block before it is added; the paper has
            none.
        img_range: the value of white inside; published weights were trained on 0 to 255.
        rgb_mean: mean red, green and blue in [0, 1], taken off before and added after; by default
            those of DIV2K.
    """
    _check_reduction(features, reduction)
    from srkit_rcan.model import RCAN

    return RCAN(
        scale=scale, groups=groups, blocks=blocks, features=features,
        squeezed=features // reduction, res_scale=res_scale, img_range=img_range,
        rgb_mean=rgb_mean,
    )  # fmt: skip


def _check_reduction(features: int, reduction: int) -> None:
    if reduction > features:
        raise OptionError(
            f"rcan: option 'reduction' is at most the {features} features, not {reduction}",
            component="rcan",
            option="reduction",
            hint=f"rcan(features={features}, reduction={features})",
        )


def _opened_by(options: Mapping[str, Any], /) -> str:
    return "BasicSR, as its RCAN with the same options"


@hookimpl
def srkit_components() -> list[GeneratorSpec | LayoutSpec]:
    """Announce `rcan`, and how other projects name its tensors."""
    return [
        GeneratorSpec(
            name="rcan",
            factory=rcan,
            summary="residual channel attention (RCAN)",
            body="body",
            small="rcan(groups=1, blocks=1, features=8, reduction=4)",
            source="Zhang et al. 2018 (RCAN), section 3 and figures 2 to 4; the defaults: "
            "section 3.5",
            scales=(2, 3, 4),
            receptive=EVERYWHERE,
            opened_by=_opened_by,
        ),
        *RCAN_LAYOUTS,
    ]
