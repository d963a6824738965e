"""How do other projects' files name the tensors of EDSR?"""

from math import isqrt
from typing import Any, Final

from srkit_core.specs import LayoutSpec, Shapes, numbered

LARGE: Final = 256
"""Features of the paper's large model, whose residual branches are scaled by 0.1 (Lim et al. 2017,
section 3.1, table 1).
"""


def _options(shapes: Shapes) -> dict[str, Any]:
    features = shapes["conv_first.weight"][0]
    return {
        "scale": isqrt(shapes["upsample.0.weight"][0] // features)
        * (2 if "upsample.2.weight" in shapes else 1),
        "blocks": numbered(shapes, "body"),
        "features": features,
        "res_scale": 0.1 if features >= LARGE else 1.0,
    }


LAYOUTS: Final = [
    LayoutSpec(
        name="basicsr-edsr",
        generator="edsr",
        marks=(
            r"conv_first\.weight",
            r"body\.0\.conv1\.weight",
            r"conv_after_body\.weight",
            r"upsample\.0\.weight",
        ),
        options=_options,
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
        options=_options,
        source="the official code of EDSR in PyTorch, colours from 0 to 255",
    ),
]
"""Other names for EDSR."""
