"""How is a HEIF file read?

libheif applies the turns and mirrors of the container, so the EXIF orientation, which repeats them,
is not applied again. Of several pictures the primary one is read.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from srkit_core.io.failure import ZEROS, DamagedError, checked_size, refuse_zeros
from srkit_core.io.raster import Raster, Samples, from_channels, spread

if TYPE_CHECKING:
    import pillow_heif


def size(path: Path) -> tuple[int, int]:
    """Return (height, width) of the upright picture from its header."""
    width, height = _opened(path).size
    return checked_size(height, width)


def decode(path: Path) -> Raster:
    """Return the primary picture, 8 bit as 8 and 10 or 12 bit as 16.

    Raises DamagedError when its data are not whole.
    """
    image = _opened(path)
    checked_size(*image.size[::-1])
    with path.open("rb") as file:
        file.seek(-min(ZEROS, path.stat().st_size), os.SEEK_END)
        refuse_zeros(file.read())
    try:
        samples = np.asarray(image)
    except (ValueError, RuntimeError, EOFError, SyntaxError) as error:
        raise DamagedError(error) from error
    return from_channels(
        _spread(samples, int(image.info["bit_depth"])), 1, image.info.get("icc_profile") or b""
    )


def exif(path: Path) -> Image.Exif:
    """Return the EXIF of the primary picture."""
    found = Image.Exif()
    found.load(_opened(path).info.get("exif") or b"")
    return found


def _opened(path: Path) -> "pillow_heif.HeifFile":
    import pillow_heif

    try:
        return pillow_heif.open_heif(path, convert_hdr_to_8bit=False)
    except (ValueError, RuntimeError, EOFError, SyntaxError) as error:
        raise DamagedError(error) from error


def _spread(samples: Samples, bits: int) -> Samples:
    """Stretch what stands in the upper `bits` of 16 over all of them."""
    return (
        samples
        if samples.dtype == np.uint8
        else spread((samples >> (16 - bits)).astype(np.uint16), 2**bits - 1)
    )
