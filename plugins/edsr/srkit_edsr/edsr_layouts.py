"""How do other projects' files name the tensors of EDSR, and what do they leave unsaid?"""

import re
from collections.abc import Mapping
from math import isqrt
from typing import Any, Final

from srkit_core.specs import LayoutSpec, Shapes, numbered

_LARGE: Final = 256
"""Features of the paper's large model, whose residual branches are scaled by 0.1 (Lim et al. 2017,
section 3.1, table 1).
"""
_COLOURS: Final = 3
_WHITE: Final = 255.0


def _options_of_file(shapes: Shapes) -> dict[str, Any]:
    features = shapes["conv_first.weight"][0]
    return {
        "scale": isqrt(shapes["upsample.0.weight"][0] // features)
        * (2 if "upsample.2.weight" in shapes else 1),
        "blocks": numbered(shapes, "body"),
        "features": features,
    }


def _usual(shapes: Shapes) -> dict[str, Any]:
    large = shapes["conv_first.weight"][0] >= _LARGE
    return {"res_scale": 0.1 if large else 1.0, "img_range": 255.0}


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


def _write(options: Mapping[str, Any], tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    """Turn ranges and factors into those that BasicSR assumes, so that it computes the same."""
    if tuple(options["rgb_mean"]) != _BASELINE["rgb_mean"]:
        raise ValueError(f"BasicSR's EDSR has rgb_mean={list(_BASELINE['rgb_mean'])}")
    white = _WHITE / options["img_range"]
    usual = _SCALED if options["features"] >= _LARGE else _BASELINE
    factors = {
        r"conv_first\.weight": 1 / white,
        r"conv_last\.(weight|bias)": white,
        r"body\.\d+\.conv2\.(weight|bias)": options["res_scale"] / usual["res_scale"],
    }
    return {name: value * _factor(factors, name) for name, value in tensors.items()}


def _factor(factors: Mapping[str, float], name: str) -> float:
    return next((one for pattern, one in factors.items() if re.fullmatch(pattern, name)), 1.0)


_BASELINE: Final[Mapping[str, Any]] = {
    "res_scale": 1.0,
    "img_range": 255.0,
    "rgb_mean": (0.4488, 0.4371, 0.4040),
}
_SCALED: Final[Mapping[str, Any]] = {**_BASELINE, "res_scale": 0.1}


EDSR_LAYOUTS: Final = [
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
        known={
            "3ba7b0861913de93740110738fb621410651897e391e8057b7b6104c4f999254": _BASELINE,
            "6908f88a1be95e7112f480b7b1d9608ad83b4ffa0c227416a6376f6b036a77f3": _BASELINE,
            "0c287733e70d1b8b8fc5885613ecbe451e5f3010bcae0307612ef5e4aa08dd5f": _BASELINE,
            "be38e77dcff9ec95225cea6326b5a616d57869824688674da317df37f3d87d1b": _SCALED,
            "3660f70d306481ef4867731500c4e3d901a1b8547996cf4245a09ffbc151b70b": _SCALED,
            "76ee1c8f48813f46024bee8d2700f417f6b2db070e899954ff1552fbae343e93": _SCALED,
        },
        usual=_usual,
        write=_write,
        architecture="edsr",
        source="EDSR of BasicSR, colours from 0 to 255; the known files are of its model zoo",
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
        known={
            "1bc95232": _BASELINE,
            "abf2a44e": _BASELINE,
            "6b446fab": _BASELINE,
            "0edfb8a3": _SCALED,
            "ea3ef2c6": _SCALED,
            "4f62e9ef": _SCALED,
        },
        numbers=_range_and_mean,
        usual=_usual,
        source="the official code of EDSR in PyTorch, whose files are named by the first digits of "
        "their sha256",
    ),
]
"""Names under which other projects store the tensors of EDSR."""
