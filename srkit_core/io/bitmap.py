"""How are the formats read that Pillow knows?

Pillow reads every header. Pixels come from Pillow too, but for JPEG and 8-bit PNG, which imagecodecs decodes to the same
values in less time, and for 16-bit colours. Of several pictures in a file the first is read. PNG's gAMA and cHRM are left
alone, as most programs do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from srkit_core.io import deep
from srkit_core.io.exif import ORIENTATION, load_inner
from srkit_core.io.failure import DamagedError, checked_size
from srkit_core.io.jpeg import decode_whole
from srkit_core.io.raster import Pixels, Raster, Samples, from_channels, is_sideways


def size(path: Path) -> tuple[int, int]:
    """Return (height, width) of the upright picture from its header."""
    with path.open("rb") as file, opened(file) as image:
        width, height = image.size
        return (width, height) if is_sideways(_orientation(image)) else (height, width)


def decode(path: Path) -> Raster:
    """Return the first picture of a file; raises what its decoder raises, ValueError for numbers of unknown range."""
    data = path.read_bytes()
    with opened(BytesIO(data)) as image:
        orientation, profile = _orientation(image), image.info.get("icc_profile") or b""
        if image.format == "TIFF" and deep.is_deep(image, data):
            return from_channels(deep.decode(image, data), int(image.getexif().get(ORIENTATION, 1)), profile)
        return from_channels(_channels(image, data), orientation, profile) if image.mode != "CMYK" else _inks(image, orientation, profile)


def exif(path: Path) -> Image.Exif:
    """Return the EXIF that stands before the pixels."""
    with path.open("rb") as file, opened(file) as image:
        found = image.getexif() if image.format == "TIFF" else Image.Image.getexif(image)
        load_inner(found)
        return found


@contextmanager
def opened(file: IO[bytes]) -> Iterator[ImageFile]:
    """Read the header of a picture, whose size is checked before anything is decoded."""
    with Image.open(file) as image:
        checked_size(image.height, image.width)
        yield image


def _orientation(image: ImageFile) -> int:
    """Return the EXIF orientation that the header holds, 1 for TIFF, which Pillow makes upright itself.

    PNG's own `getexif` would decode all pixels to look behind them.
    """
    return 1 if image.format == "TIFF" else int(Image.Image.getexif(image).get(ORIENTATION, 1))


def _channels(image: ImageFile, data: bytes) -> Samples:
    if deep.is_deep(image, data):
        return deep.decode(image, data)
    if image.format in ("JPEG", "MPO"):
        return decode_whole(data, _jpeg)
    if image.format == "PNG" and image.mode in ("L", "RGB", "RGBA") and "transparency" not in image.info and not _has_frames(image):
        return _png(data)
    return _by_pillow(image)


def _jpeg(data: bytes) -> Pixels:
    import imagecodecs

    try:
        pixels: Pixels = imagecodecs.jpeg8_decode(data)
    except RuntimeError as error:
        raise DamagedError(error) from error
    return pixels


def _png(data: bytes) -> Pixels:
    import imagecodecs

    try:
        pixels: Pixels = imagecodecs.spng_decode(data)
    except RuntimeError as error:
        raise DamagedError(error) from error
    return pixels


def _has_frames(image: ImageFile) -> bool:
    return bool(getattr(image, "is_animated", False))


def _by_pillow(image: ImageFile) -> Samples:
    """Return 8 bit, or 16 bit of gray; palettes are looked up, bits become 0 and 255."""
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers of unknown range")
    if image.mode.startswith("I"):
        return _gray(image)
    if image.has_transparency_data:
        return np.array(image.convert("RGBA"))
    return np.array(image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB"))


def _gray(image: ImageFile) -> Samples:
    gray = np.asarray(image)
    if gray.min() < 0 or gray.max() > 65535:
        raise ValueError("its pixels are integers of more than 16 bits")
    return gray.astype(np.uint16)


def _inks(image: ImageFile, orientation: int, profile: bytes) -> Raster:
    return Raster(np.array(image), None, orientation, profile)
