"""How are the formats read that Pillow knows?

Pillow reads every header. Pixels come from Pillow too, but for JPEG and 8-bit PNG, which
imagecodecs decodes to the same values in less time, and for what is deeper than Pillow reads. Of
several pictures in a file the first is read. PNG's gAMA and cHRM are left alone, as most programs
do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from srkit_core.io import deep
from srkit_core.io.codecs import decoded
from srkit_core.io.exif import load_inner, orientation, standing_before
from srkit_core.io.failure import ZEROS, DamagedError, checked_size, refuse_zeros
from srkit_core.io.jpeg import decode_whole
from srkit_core.io.raster import Raster, Samples, from_channels, is_sideways

_UNCHECKED = ("WEBP", "AVIF", "JPEG2000")
"""Formats whose decoders take zeros for compressed data."""

_UNCOMPRESSED = ("BMP", "DIB", "PPM", "TGA", "TIFF")
"""Formats without a checksum, in which a black picture and a copy that broke off behind the header
are the same bytes.
"""


def size(path: Path) -> tuple[int, int]:
    """Return (height, width) of the upright picture from its header."""
    with path.open("rb") as file, opened(file) as image:
        width, height = image.size
        return (width, height) if is_sideways(_orientation(image)) else (height, width)


def decode(path: Path) -> Raster:
    """Return the first picture of a file.

    Raises what its decoder raises, ValueError for numbers of unknown range.
    """
    data = path.read_bytes()
    with opened(BytesIO(data)) as image:
        if image.format in _UNCHECKED:
            refuse_zeros(data[-ZEROS:])
        promised, is_deep = image.width * image.height, deep.is_deep(image, data)
        turn, profile = _orientation(image), image.info.get("icc_profile") or b""
        channels = deep.decode(image, data) if is_deep else _channels(image, data)
        if channels.shape[0] * channels.shape[1] != promised:
            raise DamagedError("its pixels are not as many as its header promises")
        if image.format in _UNCOMPRESSED and not channels.any():
            raise DamagedError("behind its header are nothing but zeros")
        return (
            from_channels(channels, turn, profile)
            if image.mode != "CMYK"
            else Raster(channels, None, turn, profile)
        )


def exif(path: Path) -> Image.Exif:
    """Return the EXIF that stands before the pixels."""
    with path.open("rb") as file, opened(file) as image:
        return load_inner(standing_before(image))


@contextmanager
def opened(file: IO[bytes]) -> Iterator[ImageFile]:
    """Read the header of a picture, whose size is checked before anything is decoded."""
    try:
        image = Image.open(file)
    except UnidentifiedImageError:
        raise DamagedError("its header cannot be read") from None
    with image:
        checked_size(image.height, image.width)
        yield image


def _orientation(image: ImageFile) -> int:
    """Return the EXIF orientation that the header holds, 1 for TIFF, which Pillow makes upright
    itself.
    """
    return 1 if image.format == "TIFF" else orientation(image)


def _channels(image: ImageFile, data: bytes) -> Samples:
    if image.format in ("JPEG", "MPO") and image.mode != "CMYK":
        return decode_whole(data, partial(decoded, "jpeg8"))
    if (
        image.format == "PNG"
        and image.mode in ("L", "LA", "RGB", "RGBA")
        and "transparency" not in image.info
        and not _has_frames(image)
    ):
        return decoded("png", data)
    return _by_pillow(image)


def _has_frames(image: ImageFile) -> bool:
    return bool(getattr(image, "is_animated", False))


def _by_pillow(image: ImageFile) -> Samples:
    """Return 8 bit, or 16 bit of gray; palettes are looked up, bits become 0 and 255."""
    _load(image)
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers of unknown range")
    if image.mode.startswith("I"):
        return _gray(image)
    if image.has_transparency_data:
        return np.array(image.convert("RGBA"))
    return np.array(
        image
        if image.mode in ("L", "RGB", "CMYK")
        else image.convert("L" if image.mode == "1" else "RGB")
    )


def _load(image: ImageFile) -> None:
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # Pillow names no base class for what its decoders raise
        raise DamagedError(error or type(error).__name__) from error


def _gray(image: ImageFile) -> Samples:
    gray = np.asarray(image)
    if gray.min() < 0 or gray.max() > 65535:
        raise ValueError("its pixels are integers of more than 16 bits")
    return gray.astype(np.uint16)
