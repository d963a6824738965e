"""How are pictures of more than 8 bit read, which Pillow cuts down to 8?

imagecodecs decodes PNG, JPEG 2000 and AVIF and raises where data are missing or a checksum is
wrong. A 16-bit PPM is its header and big-endian numbers, which need no library. TIFF has a file of
its own. An AVIF of several pictures stays Pillow's, in 8 bit: asked for one of them, imagecodecs
(2026.3) writes beyond its memory.
"""

from typing import Any

import numpy as np
from PIL.ImageFile import ImageFile

from srkit_core.io.codecs import decoded
from srkit_core.io.failure import DamagedError
from srkit_core.io.raster import Samples, spread

_COLOURS = ("RGB", "RGBA", "LA")
_GRAYS = ("L", "I;16")
_DEPTH_IN_CODESTREAM = 42
_DEPTH_IN_BOX = 14
_DEPTH_IN_AV1 = 6
_HIGH, _TWELVE = 0x40, 0x20


def is_deep(image: ImageFile, data: bytes) -> bool:
    """Say whether the picture that Pillow opened from `data` holds more than Pillow would read."""
    match image.format:
        case "AVIF":
            return _depth_of_avif(data) > 8 and not getattr(image, "is_animated", False)
        case "JPEG2000":
            return 8 < _depth_of_jpeg_2000(data) <= 16 and image.mode in _COLOURS + _GRAYS
        case "PNG":
            return (
                image.mode in _COLOURS
                and bool(image.tile)
                and str(image.tile[0].args).endswith(";16B")
            )
        case "PPM":
            return (
                image.mode in _COLOURS and image.tile[0].codec_name == "ppm" and _most(image) > 255
            )
    return False


def decode(image: ImageFile, data: bytes) -> Samples:
    """Return uint16 (H, W, C) or (H, W), C as the file has it.

    Raises DamagedError where data are missing.
    """
    match image.format:
        case "AVIF":
            return spread(decoded("avif", data), 2 ** _depth_of_avif(data) - 1)
        case "JPEG2000":
            return _jpeg_2000(data)
        case "PPM":
            return _ppm(image, data)
    return decoded("png", data)


def _jpeg_2000(data: bytes) -> Samples:
    """Signed numbers are counted from the lowest."""
    samples, bits = decoded("jpeg2k", data), _depth_of_jpeg_2000(data)
    lowest = 0 if samples.dtype.kind == "u" else -(2 ** (bits - 1))
    return spread((samples.astype(np.int32) - lowest).astype(np.uint16), 2**bits - 1)


def _ppm(image: ImageFile, data: bytes) -> Samples:
    """Read the binary numbers behind the header (netpbm's ppm(5)), spread so that the largest
    allowed one becomes 65535.
    """
    wanted, start, most = image.width * image.height * 3, image.tile[0].offset, _most(image)
    numbers = np.frombuffer(data, ">u2", count=min(wanted, (len(data) - start) // 2), offset=start)
    if numbers.size < wanted:
        raise DamagedError("its numbers are fewer than its header promises")
    return spread(numbers, most).reshape(image.height, image.width, 3)


def _most(image: ImageFile) -> int:
    arguments: Any = image.tile[0].args
    return int(arguments[1])


def _depth_of_jpeg_2000(data: bytes) -> int:
    """Return the bits of a sample: Ssiz of the SIZ marker, else BPC of the image header box (ITU-T
    T.800, A.5.1 and I.5.3.1).
    """
    place = (
        _DEPTH_IN_CODESTREAM
        if data[:2] == b"\xff\x4f"
        else data.find(b"ihdr", 0, 256) + _DEPTH_IN_BOX
    )
    return (data[place] & 0x7F) + 1


def _depth_of_avif(data: bytes) -> int:
    """Return the bits of a sample, 8, 10 or 12, as the first configuration box says (AV1 in
    ISOBMFF, 2.3.3).
    """
    place = data.find(b"av1C") + _DEPTH_IN_AV1
    flags = data[place] if place < len(data) else 0
    return 8 if not flags & _HIGH else 12 if flags & _TWELVE else 10
