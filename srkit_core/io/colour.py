"""How do a file's colours become sRGB?

An embedded ICC profile is followed by Little CMS, relative colorimetric with black point
compensation. A profile that moves no colour by more than one of 255 steps is sRGB by another name
and leaves pixels as they are; a broken one, or one for other channels, is ignored. Without a
profile RGB is taken for sRGB, gray is replicated, and each ink of CMYK takes away its share of the
light.
"""

import struct
from functools import cache, lru_cache

import numpy as np

from srkit_core.io.raster import Pixels, Samples

_RELATIVE_COLORIMETRIC = 1
_BLACK_POINT_COMPENSATION = 0x2000
_DATE = slice(24, 36)
_DAY_OF_THE_STANDARD = struct.pack(">6H", 1999, 10, 18, 0, 0, 0)


def to_srgb(samples: Samples, profile: bytes) -> Samples:
    """Turn gray (H, W), RGB (H, W, 3) or CMYK (H, W, 4) into sRGB (H, W, 3) of the same type."""
    if profile and not _is_srgb(profile):
        through = _through(samples, profile)
        if through is not None:
            return through
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


def _through(samples: Samples, profile: bytes) -> Samples | None:
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
    moved = _through(grid, profile)
    return moved is not None and int(np.abs(moved.astype(np.int16) - grid).max()) <= 1


def _without_inks(samples: Samples) -> Samples:
    """Return the light that is left: (1 - ink) * (1 - black), rounded to the nearest."""
    full = np.iinfo(samples.dtype).max
    light = full - samples.astype(np.uint32)
    left: Samples = ((light[:, :, :3] * light[:, :, 3:] + full // 2) // full).astype(samples.dtype)
    return left
