"""Announces the RCAN generator."""

from srkit_core.errors import OptionError
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Generator
from srkit_core.specs import GeneratorSpec, LayoutSpec
from srkit_rcan.layouts import LAYOUTS


def rcan(
    *,
    scale: int,
    groups: Count = 10,
    blocks: Count = 20,
    features: Count = 64,
    reduction: Count = 16,
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
    """
    if reduction > features:
        raise OptionError(
            f"rcan: option 'reduction' is at most the {features} features, not {reduction}",
            component="rcan",
            option="reduction",
            hint=f"rcan(features={features}, reduction={features})",
        )
    from srkit_rcan.model import RCAN

    return RCAN(
        scale=scale, groups=groups, blocks=blocks, features=features, squeezed=features // reduction
    )


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
        ),
        *LAYOUTS,
    ]
