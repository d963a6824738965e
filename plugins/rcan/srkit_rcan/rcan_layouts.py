"""How do other projects' files name the tensors of RCAN, and what do they leave unsaid?"""

from collections.abc import Mapping
from math import isqrt
from typing import Any, Final

from srkit_core.specs import LayoutSpec, Shapes, numbered
from srkit_rcan.rcan_writing import write_rcan

_COLOURS: Final = 3
_WHITE: Final = 255.0


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


def _usual(shapes: Shapes) -> dict[str, Any]:
    return {"res_scale": 1.0, "img_range": 255.0}


def _range_and_mean(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Read the mean colour, and the value of white, of which the official code stores the product.

    White is 255 or 1 there: a product above 1 cannot be of the latter.
    """
    stored = tensors.get("add_mean.bias")
    product = [] if stored is None else [float(one) for one in stored]
    if len(product) != _COLOURS or not all(0 < one < _WHITE for one in product):
        return {}
    white = _WHITE if max(product) > 1 else 1.0
    return {"img_range": white, "rgb_mean": tuple(round(one / white, 4) for one in product)}


RCAN_LAYOUTS: Final = [
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
        usual=_usual,
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
        numbers=_range_and_mean,
        usual=_usual,
        write=write_rcan,
        architecture="rcan",
        source="the official code of RCAN in PyTorch",
    ),
]
"""Names under which other projects store the tensors of RCAN."""
