"""How does what a decoder hands over become upright, opaque sRGB pixels?

An embedded ICC profile is followed by Little CMS, relative colorimetric with black point
compensation. A profile that moves no colour by more than one of 255 steps is sRGB by another name
and leaves pixels as they are; a broken one, or one for other channels, is ignored. Without a
profile RGB is taken for sRGB, gray is replicated, and each ink of CMYK takes away its share of the
light.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srkit_core.io.decode_errors import DamagedError

if TYPE_CHECKING:
    from PIL import Image

Pixels = NDArray[np.uint8]
DeepPixels = NDArray[np.uint16]
Samples = NDArray[np.unsignedinteger[Any]]
"""uint8 or uint16."""

_RELATIVE_COLORIMETRIC = 1
_BLACK_POINT_COMPENSATION = 0x2000
_DATE = slice(24, 36)
_DAY_OF_THE_STANDARD = struct.pack(">6H", 1999, 10, 18, 0, 0, 0)


@dataclass(frozen=True)
class Raster:
    """Samples as a file stores them, uint8 or uint16: gray (H, W), RGB (H, W, 3) or CMYK (H, W, 4;
    0 is no ink).

    `alpha` is (H, W) of the same type, `orientation` as EXIF counts it (1 is upright), `profile`
    the bytes of an embedded ICC profile, `notes` what a person ought to know of how they were read.
    """

    samples: Samples
    alpha: Samples | None = None
    orientation: int = 1
    profile: bytes = b""
    notes: tuple[str, ...] = ()


def no_notes(path: Path) -> tuple[str, ...]:
    """Say nothing about a file."""
    del path
    return ()


def one_of(count: int | None, kind: str, which: str = "first") -> tuple[str, ...]:
    """Say that one of several pictures is read, None for a number that is not known, and what to
    do about the others; of a single one nothing.
    """
    if count is not None and count < 2:
        return ()
    return (f"{which} of {count or 'several'} {kind}; the others need files of their own",)


@dataclass(frozen=True)
class Decoder:
    """How one library reads files, as functions of a path.

    `size` returns (height, width) of the upright picture from its header alone, `decode` the
    picture, `exif` the EXIF of the file, `notes` what its header says of what is not read, such as
    further frames. They raise OSError for a file that cannot be opened and ValueError, such as
    DamagedError, for one that is no whole picture.
    """

    size: Callable[[Path], tuple[int, int]]
    decode: Callable[[Path], Raster]
    exif: Callable[[Path], "Image.Exif"]
    notes: Callable[[Path], tuple[str, ...]] = no_notes


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


def scale_to_16_bit(samples: Samples, most: int) -> DeepPixels:
    """Stretch 0 to `most` over all of 0 to 65535, rounded to the nearest.

    Raises DamagedError where a number is larger.
    """
    if most == 65535:
        return samples.astype(np.uint16, copy=False)
    if samples.max() > most:
        raise DamagedError("its numbers do not fit its header")
    return ((samples.astype(np.uint32) * 65535 + most // 2) // most).astype(np.uint16)


def unmultiplied(samples: Samples, cover: Samples) -> Samples:
    """Divide (H, W) or (H, W, C) by the alpha (H, W) that it was multiplied by, rounded to the
    nearest.

    What is clear becomes black.
    """
    full = np.uint64(np.iinfo(samples.dtype).max)
    over = cover.astype(np.uint64)
    over = over[:, :, None] if samples.ndim == 3 else over
    colours = (samples * full + over // np.uint64(2)) // np.maximum(over, np.uint64(1))
    result: Samples = (np.minimum(colours, full) * (over > 0)).astype(samples.dtype)
    return result


def on_white(colours: Samples, alpha: Samples | None) -> Samples:
    """Lay (H, W) or (H, W, 3) on white paper, rounded to the nearest: the colours hidden below are
    often garbage.
    """
    if alpha is None:
        return colours
    full = int(np.iinfo(colours.dtype).max)
    cover = alpha.astype(np.uint32)
    cover = cover[:, :, None] if colours.ndim == 3 else cover
    mixed = (colours * cover + (full - cover) * full + full // 2) // full
    laid: Samples = mixed.astype(colours.dtype)
    return laid


def to_srgb(samples: Samples, profile: bytes) -> Samples:
    """Turn gray (H, W), RGB (H, W, 3) or CMYK (H, W, 4) into sRGB (H, W, 3) of the same type."""
    if profile and not _is_srgb(profile):
        followed = _follow_profile(samples, profile)
        if followed is not None:
            return followed
    if samples.ndim == 2:
        return np.repeat(samples[:, :, None], 3, axis=2)
    return _without_inks(samples) if samples.shape[2] == 4 else samples


@cache
def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB, the same bytes every time: Little CMS would date it now
    (ICC.1:2010, 7.2.8).
    """
    import imagecodecs

    profile = bytearray(imagecodecs.cms_profile("srgb"))
    profile[_DATE] = _DAY_OF_THE_STANDARD
    return bytes(profile)


@cache
def gray_profile() -> bytes:
    """Return an ICC profile of gray with the curve of sRGB (IEC 61966-2-1), the same bytes every
    time.
    """
    import imagecodecs

    code = np.linspace(0, 1, 4096)
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    words = np.rint(light * 65535).astype(np.uint16)
    profile = bytearray(imagecodecs.cms_profile("gray", transferfunction=words))
    profile[_DATE] = _DAY_OF_THE_STANDARD
    return bytes(profile)


def _follow_profile(samples: Samples, profile: bytes) -> Samples | None:
    """Follow a profile with Little CMS; None where it cannot be followed."""
    import imagecodecs

    space = "gray" if samples.ndim == 2 else "rgb" if samples.shape[2] == 3 else "cmyk"
    try:
        followed: Samples = imagecodecs.cms_transform(
            np.ascontiguousarray(samples),
            profile,
            imagecodecs.cms_profile("srgb"),
            colorspace=space,
            outcolorspace="rgb",
            intent=_RELATIVE_COLORIMETRIC,
            flags=_BLACK_POINT_COMPENSATION,
        )
    except (RuntimeError, ValueError):
        return None
    return followed


@lru_cache(maxsize=64)
def _is_srgb(profile: bytes) -> bool:
    """Send a grid of 9 x 9 x 9 colours through a profile."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid: Pixels = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(
        81, 9, 3
    )
    moved = _follow_profile(grid, profile)
    return moved is not None and int(np.abs(moved.astype(np.int16) - grid).max()) <= 1


def _without_inks(samples: Samples) -> Samples:
    """Return the light that is left: (1 - ink) * (1 - black), rounded to the nearest."""
    full = np.iinfo(samples.dtype).max
    light = full - samples.astype(np.uint32)
    left: Samples = ((light[:, :, :3] * light[:, :, 3:] + full // 2) // full).astype(samples.dtype)
    return left
