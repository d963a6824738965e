"""How are the samples of a TIFF file of more than 8 bit read?

Pillow reads colours of 16 bit as 8, gray of 12 bit as if it were 16, and 16-bit gray that counts from white as if from
black. tifffile decodes them as they are stored; what they mean stands in the directory (TIFF 6.0, section 8).
"""

from typing import Any

import numpy as np
from PIL import ExifTags
from PIL.ImageFile import ImageFile

from srkit_core.io.codecs import first_page
from srkit_core.io.failure import checked_size
from srkit_core.io.raster import Samples, spread

_TILE_WIDTH, _TILE_LENGTH = 322, 323
_WHITE_IS_ZERO, _SEPARATE, _PREMULTIPLIED = 0, 2, 1
_MODES = ("I;16", "I;16B", "RGB", "RGBA", "CMYK")


def is_deep(image: ImageFile) -> bool:
    """Say whether a TIFF file that Pillow opened holds unsigned samples of 9 to 16 bit; premultiplied ones stay Pillow's."""
    tags = image.getexif()
    deep = max(_several(tags.get(ExifTags.Base.BitsPerSample)), default=1) > 8
    return deep and image.mode in _MODES and _PREMULTIPLIED not in _several(tags.get(ExifTags.Base.ExtraSamples))


def decode(image: ImageFile, data: bytes) -> Samples:
    """Return uint16 (H, W) of gray, where 0 is black, or (H, W, C) of colours and alpha; raises DamagedError where data are missing."""
    tags = image.getexif()
    checked_size(int(tags.get(_TILE_LENGTH, 1)), int(tags.get(_TILE_WIDTH, 1)))
    page = first_page(data)
    most = 2 ** max(_several(tags.get(ExifTags.Base.BitsPerSample))) - 1
    if page.ndim == 2:
        return spread(most - page if tags.get(ExifTags.Base.PhotometricInterpretation) == _WHITE_IS_ZERO else page, most)
    interleaved = np.moveaxis(page, 0, 2) if tags.get(ExifTags.Base.PlanarConfiguration) == _SEPARATE else page
    return spread(interleaved[:, :, : len(image.getbands())], most)


def _several(value: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)
