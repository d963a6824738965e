"""What does a decoder hand over, and how does it become upright and opaque?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srkit_core.io.failure import DamagedError

Pixels = NDArray[np.uint8]
DeepPixels = NDArray[np.uint16]
Samples = NDArray[np.unsignedinteger[Any]]
"""uint8 or uint16."""


@dataclass(frozen=True)
class Raster:
    """Samples as a file stores them, uint8 or uint16: gray (H, W), RGB (H, W, 3) or CMYK (H, W, 4;
    0 is no ink).

    `alpha` is (H, W) of the same type, `orientation` as EXIF counts it (1 is upright), `profile`
    the bytes of an embedded ICC profile.
    """

    samples: Samples
    alpha: Samples | None = None
    orientation: int = 1
    profile: bytes = b""


def from_channels(channels: Samples, orientation: int = 1, profile: bytes = b"") -> Raster:
    """Part gray, gray with alpha, RGB or RGBA, (H, W) or (H, W, 1 to 4), into colours and alpha.

    Fully opaque alpha is dropped.
    """
    if channels.ndim == 2:
        return Raster(channels, None, orientation, profile)
    count = channels.shape[2]
    colours = channels if count == 3 else channels[:, :, 0] if count < 3 else channels[:, :, :3]
    alpha = channels[:, :, -1] if count in (2, 4) else None
    opaque = alpha is None or bool((alpha == np.iinfo(alpha.dtype).max).all())
    return Raster(colours, None if opaque else alpha, orientation, profile)


def upright(samples: Samples, orientation: int) -> Samples:
    """Turn (H, W) or (H, W, 3) from the orientation it was stored in (EXIF 2.32, section 4.6.4 A);
    any other is upright.

    A pixel is moved as one item, which takes half the time of moving its channels.
    """
    if orientation not in range(2, 9):
        return samples
    whole: Any = (
        samples
        if samples.ndim == 2
        else np.ascontiguousarray(samples).view(f"V{3 * samples.itemsize}")[:, :, 0]
    )
    turned = whole.swapaxes(0, 1) if is_sideways(orientation) else whole
    rows = slice(None, None, -1 if orientation in (3, 4, 7, 8) else 1)
    columns = slice(None, None, -1 if orientation in (2, 3, 6, 7) else 1)
    moved = np.ascontiguousarray(turned[rows, columns])
    result: Samples = (
        moved if samples.ndim == 2 else moved.view(samples.dtype).reshape(*moved.shape, 3)
    )
    return result


def is_sideways(orientation: int) -> bool:
    """Say whether width and height change places when the picture is made upright."""
    return orientation in (5, 6, 7, 8)


def to_8_bit(samples: Samples) -> Pixels:
    """Round 16 bit to the nearest of 255 steps (65535 is 257 * 255); 8 bit stay as they are."""
    if samples.dtype == np.uint8:
        return samples.astype(np.uint8, copy=False)
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


def spread(samples: Samples, most: int) -> DeepPixels:
    """Stretch 0 to `most` over all of 0 to 65535, rounded to the nearest.

    Raises DamagedError where a number is larger.
    """
    if most == 65535:
        return samples.astype(np.uint16, copy=False)
    if samples.max() > most:
        raise DamagedError("its numbers do not fit its header")
    return ((samples.astype(np.uint32) * 65535 + most // 2) // most).astype(np.uint16)


def on_white(colours: Samples, alpha: Samples | None) -> Samples:
    """Lay (H, W, 3) on white paper, rounded to the nearest: the colours hidden below are often
    garbage.
    """
    if alpha is None:
        return colours
    full = int(np.iinfo(colours.dtype).max)
    cover = alpha.astype(np.uint32)[:, :, None]
    mixed = (colours * cover + (full - cover) * full + full // 2) // full
    laid: Samples = mixed.astype(colours.dtype)
    return laid
