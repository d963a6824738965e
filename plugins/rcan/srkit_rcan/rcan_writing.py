"""Which file makes the official code of RCAN compute what our network computes?"""

import re
from collections.abc import Mapping
from typing import Any, Final

_WHITE: Final = 255.0
_IN_BLOCK = r"body\.(\d+)\.residual_group\.(\d+)\.rcab"
_NAMES: Final[tuple[tuple[str, str], ...]] = (
    (r"conv_first\.(.*)", r"head.0.\1"),
    (rf"{_IN_BLOCK}\.([02])\.(.*)", r"body.\1.body.\2.body.\3.\4"),
    (rf"{_IN_BLOCK}\.3\.attention\.1\.(.*)", r"body.\1.body.\2.body.3.conv_du.0.\3"),
    (rf"{_IN_BLOCK}\.3\.attention\.3\.(.*)", r"body.\1.body.\2.body.3.conv_du.2.\3"),
    (r"body\.(\d+)\.conv\.(.*)", r"body.\1.body.{blocks}.\2"),
    (r"conv_after_body\.(.*)", r"body.{groups}.\1"),
    (r"upsample\.(.*)", r"tail.0.\1"),
    (r"conv_last\.(.*)", r"tail.1.\1"),
)
"""Our names and the official ones; the numbers of what comes after all blocks and groups follow
theirs.
"""


def write_rcan(options: Mapping[str, Any], tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the tensors under the official names; ranges and factors become those that the code
    assumes, and the mean colour lies in the file.
    """
    factors = _factors(options)
    named = {
        _official(name, options): value * _factor(factors, name) for name, value in tensors.items()
    }
    return {**named, **_mean_shifts(options["rgb_mean"], tensors["conv_first.weight"])}


def _official(name: str, options: Mapping[str, Any]) -> str:
    pattern, replacement = next(one for one in _NAMES if re.fullmatch(one[0], name))
    counted = replacement.format(blocks=options["blocks"], groups=options["groups"])
    return re.sub(pattern, counted, name)


def _factors(options: Mapping[str, Any]) -> dict[str, float]:
    """Return what tensors are multiplied with: white is 255 in the official code, and no branch of
    a block is scaled. Attention sees means that are scaled with their convolution, and undoes that.
    """
    white, branch = _WHITE / options["img_range"], options["res_scale"]
    return {
        r"conv_first\.weight": 1 / white,
        r"conv_last\.(weight|bias)": white,
        rf"{_IN_BLOCK}\.2\.(weight|bias)": branch,
        rf"{_IN_BLOCK}\.3\.attention\.1\.weight": 1 / branch if branch else 1.0,
    }


def _factor(factors: Mapping[str, float], name: str) -> float:
    return next((one for pattern, one in factors.items() if re.fullmatch(pattern, name)), 1.0)


def _mean_shifts(mean: tuple[float, float, float], like: Any) -> dict[str, Any]:
    """Return the convolutions that take the mean colour off and add it."""
    identity = [[[[float(row == column)]] for column in range(3)] for row in range(3)]
    return {
        f"{name}_mean.{tensor}": like.new_tensor(value)
        for name, sign in (("sub", -1), ("add", 1))
        for tensor, value in (
            ("weight", identity),
            ("bias", [sign * _WHITE * one for one in mean]),
        )
    }
