"""Announces the EDSR generator."""

from math import isqrt
from typing import Annotated, Any, Final

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, Count, Generator
from srkit_core.specs import GeneratorSpec, LayoutSpec, Shapes, numbered


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


_LARGE: Final = 256
"""Features of the paper's large model, whose residual branches are scaled by 0.1 (Lim et al. 2017,
section 3.1, table 1).
"""


def _options_of_file(shapes: Shapes) -> dict[str, Any]:
    features = shapes["conv_first.weight"][0]
    return {
        "scale": isqrt(shapes["upsample.0.weight"][0] // features)
        * (2 if "upsample.2.weight" in shapes else 1),
        "blocks": numbered(shapes, "body"),
        "features": features,
        "res_scale": 0.1 if features >= _LARGE else 1.0,
    }


_LAYOUTS: Final = [
    LayoutSpec(
        name="basicsr-edsr",
        generator="edsr",
        marks=(
            r"conv_first\.weight",
            r"body\.0\.conv1\.weight",
            r"conv_after_body\.weight",
            r"upsample\.0\.weight",
        ),
        options=_options_of_file,
        source="EDSR of BasicSR, colours from 0 to 255",
    ),
    LayoutSpec(
        name="edsr-pytorch",
        generator="edsr",
        marks=(r"head\.0\.weight", r"body\.0\.body\.0\.weight", r"tail\.0\.0\.weight"),
        renames=(
            (r"(sub|add)_mean\.(weight|bias)", ""),
            (r"head\.0\.(.*)", r"conv_first.\1"),
            (r"body\.(\d+)\.body\.0\.(.*)", r"body.\1.conv1.\2"),
            (r"body\.(\d+)\.body\.2\.(.*)", r"body.\1.conv2.\2"),
            (r"body\.\d+\.(weight|bias)", r"conv_after_body.\1"),
            (r"tail\.0\.(\d+)\.(.*)", r"upsample.\1.\2"),
            (r"tail\.1\.(.*)", r"conv_last.\1"),
        ),
        options=_options_of_file,
        source="the official code of EDSR in PyTorch, colours from 0 to 255",
    ),
]
"""Names under which other projects store the tensors of EDSR."""


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
        *_LAYOUTS,
    ]
