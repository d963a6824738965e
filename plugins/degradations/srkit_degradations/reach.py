"""What happens to crops: how many pixels around one change it, how much smaller does it become, is
it exact?
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


def largest(option: float | Range) -> float:
    """Return an option's value, or the upper end of its range."""
    return option.high if isinstance(option, Range) else option


def smallest(option: float | Range) -> float:
    """Return an option's value, or the lower end of its range."""
    return option.low if isinstance(option, Range) else option


def blur_size(size: int | Range | None, sigma: float | Range, sigma_y: float | Range | None) -> int:
    """Return the side of the largest kernel in pixels.

    Without a size it follows from the widest Gaussian.
    """
    if size is not None:
        return int(largest(size))
    widest = max(largest(sigma), largest(sigma if sigma_y is None else sigma_y))
    return 2 * max(1, math.ceil(_TRUNCATE * widest)) + 1


def of_blur(options: Mapping[str, Any], /) -> int:
    """Half a kernel."""
    return blur_size(options["size"], options.get("sigma", 0), options.get("sigma_y")) // 2


def of_sharpen(options: Mapping[str, Any], /) -> int:
    """Half a kernel for the blurred picture, and again for the blurred mask."""
    return 2 * (int(options["radius"]) // 2)


def of_jpeg(options: Mapping[str, Any], /) -> int:
    """A block, so that none at the edge of a crop is cut short."""
    return _MCU


def of_resize(options: Mapping[str, Any], /) -> int:
    """Both interpolations, and what is done between them, at the smallest size."""
    inside, divisor = _TAPS, 1
    for spec, bound in _nested(options["through"]):
        inside += divisor * spec.margin(bound)
        divisor *= spec.divisor(bound)
    return (
        _TAPS
        + math.ceil((inside + _TAPS * divisor) / min(smallest(options["factor"]), 1))
        + _TAPS * int(options["divide"])
    )


def divisor_of_resize(options: Mapping[str, Any], /) -> int:
    """What the last interpolation leaves."""
    return int(options["divide"])


def resize_is_exact(options: Mapping[str, Any], /) -> bool:
    """Only when every LR pixel begins where a pixel between the resizings begins."""
    if isinstance(options["factor"], Range):
        return False
    pixels = _divisor(options["through"]) / options["factor"]
    aligned = pixels.is_integer() and options["divide"] % pixels == 0
    return aligned and _all_exact(options["through"])


def of_shuffle(options: Mapping[str, Any], /) -> int:
    """The sum of all, each at the smallest size that it can meet."""
    total = divisor_of_shuffle(options)
    return sum(
        total // spec.divisor(bound) * spec.margin(bound) for spec, bound in _nested(options["of"])
    )


def divisor_of_shuffle(options: Mapping[str, Any], /) -> int:
    """The product of all, whatever the order."""
    return _divisor(options["of"])


def shuffle_is_exact(options: Mapping[str, Any], /) -> bool:
    """When all are."""
    return _all_exact(options["of"])


def of_realesrgan(options: Mapping[str, Any], /) -> int:
    """What published training cuts off on each side: the border of what was degraded."""
    degraded, kept = published.CROP
    return (degraded - kept) // 2


def of_bsrgan(options: Mapping[str, Any], /) -> int:
    """As many LR pixels as those of Real-ESRGAN at x4 (empirical)."""
    return 18 * int(options["scale"])


def scale(options: Mapping[str, Any], /) -> int:
    """The recipe's scale."""
    return int(options["scale"])


def never(options: Mapping[str, Any], /) -> bool:
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
