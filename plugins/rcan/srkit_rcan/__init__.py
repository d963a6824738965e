"""Announces the RCAN generator."""

from math import isqrt
from typing import Any, Final

from srkit_core.errors import OptionError
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Generator
from srkit_core.specs import GeneratorSpec, LayoutSpec, Shapes, numbered


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


def _options_of_file(shapes: Shapes) -> dict[str, Any]:
    features = shapes["conv_first.weight"][0]
    return {
        "scale": isqrt(shapes["upsample.0.weight"][0] // features)
        * (2 if "upsample.2.weight" in shapes else 1),
        "groups": numbered(shapes, "body"),
        "blocks": numbered(shapes, "body.0.residual_group"),
        "features": features,
        "reduction": features // shapes["body.0.residual_group.0.rcab.3.attention.1.weight"][0],
    }


_LAYOUTS: Final = [
    LayoutSpec(
        name="basicsr-rcan",
        generator="rcan",
        marks=(
            r"conv_first\.weight",
            r"body\.0\.residual_group\.0\.rcab\.0\.weight",
            r"conv_after_body\.weight",
            r"upsample\.0\.weight",
        ),
        options=_options_of_file,
        source="RCAN of BasicSR, colours from 0 to 255",
    ),
    LayoutSpec(
        name="rcan-pytorch",
        generator="rcan",
        marks=(r"head\.0\.weight", r"body\.0\.body\.0\.body\.0\.weight", r"tail\.0\.0\.weight"),
        renames=(
            (r"(sub|add)_mean\.(weight|bias)", ""),
            (r"head\.0\.(.*)", r"conv_first.\1"),
            (
                r"body\.(\d+)\.body\.(\d+)\.body\.([02])\.(.*)",
                r"body.\1.residual_group.\2.rcab.\3.\4",
            ),
            (
                r"body\.(\d+)\.body\.(\d+)\.body\.3\.conv_du\.0\.(.*)",
                r"body.\1.residual_group.\2.rcab.3.attention.1.\3",
            ),
            (
                r"body\.(\d+)\.body\.(\d+)\.body\.3\.conv_du\.2\.(.*)",
                r"body.\1.residual_group.\2.rcab.3.attention.3.\3",
            ),
            (r"body\.(\d+)\.body\.\d+\.(weight|bias)", r"body.\1.conv.\2"),
            (r"body\.\d+\.(weight|bias)", r"conv_after_body.\1"),
            (r"tail\.0\.(\d+)\.(.*)", r"upsample.\1.\2"),
            (r"tail\.1\.(.*)", r"conv_last.\1"),
        ),
        options=_options_of_file,
        source="the official code of RCAN in PyTorch, colours from 0 to 255",
    ),
]
"""Names under which other projects store the tensors of RCAN."""


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
        *_LAYOUTS,
    ]
