"""How are 16-bit colours read, which Pillow reads as 8 bit?

imagecodecs decodes PNG and JPEG 2000 and raises where data are missing or a checksum is wrong. A 16-bit PPM is its header
and big-endian numbers, which need no library. TIFF has a file of its own.
"""

from typing import Any

import numpy as np
from PIL.ImageFile import ImageFile

from srkit_core.io import tiff
from srkit_core.io.codecs import decoded
from srkit_core.io.failure import DamagedError
from srkit_core.io.raster import Samples, spread

_DEPTH_IN_CODESTREAM = 42
_DEPTH_IN_BOX = 14


def is_deep(image: ImageFile, data: bytes) -> bool:
    """Say whether the picture that Pillow opened from `data` holds more than Pillow would read."""
    if image.format == "TIFF":
        return tiff.is_deep(image)
    if image.mode not in ("RGB", "RGBA", "LA") or not image.tile:
        return False
    match image.format:
        case "PNG":
            return str(image.tile[0].args).endswith(";16B")
        case "JPEG2000":
            return _depth_of_jpeg_2000(data) == 16
        case "PPM":
            return image.tile[0].codec_name == "ppm" and _most(image) > 255
    return False


def decode(image: ImageFile, data: bytes) -> Samples:
    """Return uint16 (H, W, C) or (H, W), C as the file has it; raises DamagedError where data are missing."""
    match image.format:
        case "PPM":
            return _ppm(image, data)
        case "TIFF":
            return tiff.decode(image, data)
    return decoded("jpeg2k" if image.format == "JPEG2000" else "png", data)


def _ppm(image: ImageFile, data: bytes) -> Samples:
    """Read the binary numbers behind the header (netpbm's ppm(5)), spread so that the largest allowed one becomes 65535."""
    wanted, start, most = image.width * image.height * 3, image.tile[0].offset, _most(image)
    numbers = np.frombuffer(data, ">u2", count=min(wanted, (len(data) - start) // 2), offset=start)
    if numbers.size < wanted or numbers.max() > most:
        raise DamagedError("its numbers do not fit its header")
    return spread(numbers, most).reshape(image.height, image.width, 3)


def _most(image: ImageFile) -> int:
    arguments: Any = image.tile[0].args
    return int(arguments[1])


def _depth_of_jpeg_2000(data: bytes) -> int:
    """Return the bits of a sample: Ssiz of the SIZ marker, else BPC of the image header box (ITU-T T.800, A.5.1 and I.5.3.1)."""
    place = _DEPTH_IN_CODESTREAM if data[:2] == b"\xff\x4f" else data.find(b"ihdr", 0, 256) + _DEPTH_IN_BOX
    return (data[place] & 0x7F) + 1
