"""Which margin, which divisor and which exactness in crops do the degradations declare?

The margin is how many pixels around a crop change its LR, the divisor how many times smaller LR is,
and exact means that LR of a crop equals the crop of LR.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from srkit_core.interfaces import Range
from srkit_core.specs import DegradationSpec
from srkit_degradations import published

_TRUNCATE = 4
"""Standard deviations on each side of a Gaussian kernel without a size.

Beyond lie 6e-5 of its weight.
"""

_MCU = 16
"""Side of the blocks of a JPEG file with halved chroma, in pixels."""

_TAPS = 2
"""Pixels on each side that bicubic interpolation looks at."""


def upper_end(option: float | Range) -> float:
    """Return an option's value, or the upper end of its range."""
    return option.high if isinstance(option, Range) else option


def lower_end(option: float | Range) -> float:
    """Return an option's value, or the lower end of its range."""
    return option.low if isinstance(option, Range) else option


def blur_size(size: int | Range | None, sigma: float | Range, sigma_y: float | Range | None) -> int:
    """Return the side of the largest kernel in pixels.

    Without a size it follows from the widest Gaussian.
    """
    if size is not None:
        return int(upper_end(size))
    widest = max(upper_end(sigma), upper_end(sigma if sigma_y is None else sigma_y))
    return 2 * max(1, math.ceil(_TRUNCATE * widest)) + 1


def blur_margin(options: Mapping[str, Any], /) -> int:
    """Half a kernel."""
    return blur_size(options["size"], options.get("sigma", 0), options.get("sigma_y")) // 2


def sharpen_margin(options: Mapping[str, Any], /) -> int:
    """Half a kernel for the blurred picture, and again for the blurred mask."""
    return 2 * (int(options["radius"]) // 2)


def jpeg_margin(options: Mapping[str, Any], /) -> int:
    """A block, so that none at the edge of a crop is cut short."""
    return _MCU


def resize_margin(options: Mapping[str, Any], /) -> int:
    """Both interpolations, and what is done between them, at the smallest size."""
    inside, divisor = _TAPS, 1
    for spec, bound in _nested(options["through"]):
        inside += divisor * spec.margin(bound)
        divisor *= spec.divisor(bound)
    return (
        _TAPS
        + math.ceil((inside + _TAPS * divisor) / min(lower_end(options["factor"]), 1))
        + _TAPS * int(options["divide"])
    )


def resize_divisor(options: Mapping[str, Any], /) -> int:
    """What the last interpolation leaves."""
    return int(options["divide"])


def resize_is_exact(options: Mapping[str, Any], /) -> bool:
    """Only when every LR pixel begins where a pixel between the resizings begins."""
    if isinstance(options["factor"], Range):
        return False
    pixels = _divisor(options["through"]) / options["factor"]
    aligned = pixels.is_integer() and options["divide"] % pixels == 0
    return aligned and _all_exact(options["through"])


def shuffle_margin(options: Mapping[str, Any], /) -> int:
    """The sum of all, each at the smallest size that it can meet."""
    total = shuffle_divisor(options)
    return sum(
        total // spec.divisor(bound) * spec.margin(bound) for spec, bound in _nested(options["of"])
    )


def shuffle_divisor(options: Mapping[str, Any], /) -> int:
    """The product of all, whatever the order."""
    return _divisor(options["of"])


def shuffle_is_exact(options: Mapping[str, Any], /) -> bool:
    """When all are."""
    return _all_exact(options["of"])


def realesrgan_margin(options: Mapping[str, Any], /) -> int:
    """What published training cuts off on each side: the border of what was degraded."""
    degraded, kept = published.CROP
    return (degraded - kept) // 2


def bsrgan_margin(options: Mapping[str, Any], /) -> int:
    """As many LR pixels as those of Real-ESRGAN at x4 (empirical)."""
    return 18 * int(options["scale"])


def scale_divisor(options: Mapping[str, Any], /) -> int:
    """The recipe's scale."""
    return int(options["scale"])


def never_exact(options: Mapping[str, Any], /) -> bool:
    """What is drawn for each pixel, and blocks that begin where the crop begins, are not those of
    the whole picture.
    """
    return False


def _nested(parts: Iterable[Any]) -> Iterator[tuple[DegradationSpec, Mapping[str, Any]]]:
    return ((part.spec(DegradationSpec), part.arguments) for part in parts)


def _divisor(parts: Iterable[Any]) -> int:
    return math.prod(spec.divisor(bound) for spec, bound in _nested(parts))


def _all_exact(parts: Iterable[Any]) -> bool:
    return all(spec.exact_in_crops(bound) for spec, bound in _nested(parts))
