"""How are the formats read that Pillow knows?

Pillow reads every header. Of several pictures in a file the first is read. PNG's gAMA and cHRM are
left alone, as most programs do. Pixels come from Pillow but in three cases:

- JPEG and 8-bit PNG, which imagecodecs decodes to the same values in less time;
- PNG, JPEG 2000 and AVIF of more than 8 bit, which Pillow cuts down to 8: imagecodecs reads them
  and raises where data are missing or a checksum is wrong. An AVIF of several pictures stays
  Pillow's, in 8 bit: asked for one of them, imagecodecs (2026.3) writes beyond its memory;
- a PPM of more than 8 bit, which is its header and big-endian numbers and needs no library.

TIFF of more than 8 bit has a decoder of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from srkit_core.io.decode_errors import (
    ZEROS,
    DamagedError,
    checked_size,
    refuse_zeros,
    silence_library,
)
from srkit_core.io.exif import exif_before_pixels, exif_orientation, load_sub_ifds
from srkit_core.io.raster import (
    Decoder,
    Raster,
    Samples,
    from_channels,
    is_sideways,
    scale_to_16_bit,
)

_UNCHECKED = ("WEBP", "AVIF", "JPEG2000")
"""Formats whose decoders take zeros for compressed data."""

_UNCOMPRESSED = ("BMP", "DIB", "PPM", "TGA", "TIFF")
"""Formats without a checksum, in which a black picture and a copy that broke off behind the header
are the same bytes.
"""

_COLOURS = ("RGB", "RGBA", "LA")
_GRAYS = ("L", "I;16")
_DEPTH_IN_CODESTREAM = 42
_DEPTH_IN_BOX = 14
_DEPTH_IN_AV1 = 6
_HIGH, _TWELVE = 0x40, 0x20

_START_OF_SCAN = 0xDA
_END_OF_IMAGE = b"\xff\xd9"
_MID_GRAY = 128
_MORE = b"\x5a" * 64


def pillow_opens(path: Path) -> bool:
    """Say whether Pillow knows the format of a file."""
    try:
        with Image.open(path):
            return True
    except UnidentifiedImageError:
        return False


def _size(path: Path) -> tuple[int, int]:
    with path.open("rb") as file, _opened(file) as image:
        width, height = image.size
        return (width, height) if is_sideways(_orientation(image)) else (height, width)


def _decode(path: Path) -> Raster:
    """Raises what its decoder raises, ValueError for numbers of unknown range."""
    data = path.read_bytes()
    with _opened(BytesIO(data)) as image:
        if image.format in _UNCHECKED:
            refuse_zeros(data[-ZEROS:])
        promised, is_deep = image.width * image.height, _is_deep(image, data)
        turn, profile = _orientation(image), image.info.get("icc_profile") or b""
        channels = _deep_channels(image, data) if is_deep else _channels(image, data)
        if channels.shape[0] * channels.shape[1] != promised:
            raise DamagedError("its pixels are not as many as its header promises")
        if image.format in _UNCOMPRESSED and not channels.any():
            raise DamagedError("behind its header are nothing but zeros")
        return (
            from_channels(channels, turn, profile)
            if image.mode != "CMYK"
            else Raster(channels, None, turn, profile)
        )


def _exif(path: Path) -> Image.Exif:
    """Return the EXIF that stands before the pixels."""
    with path.open("rb") as file, _opened(file) as image:
        return load_sub_ifds(exif_before_pixels(image))


PILLOW = Decoder(_size, _decode, _exif)


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[ImageFile]:
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
    return 1 if image.format == "TIFF" else exif_orientation(image)


def _channels(image: ImageFile, data: bytes) -> Samples:
    if image.format in ("JPEG", "MPO") and image.mode != "CMYK":
        return _whole_jpeg(data)
    if (
        image.format == "PNG"
        and image.mode in ("L", "LA", "RGB", "RGBA")
        and "transparency" not in image.info
        and not _has_frames(image)
    ):
        return _by_imagecodecs("png", data)
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


def _by_imagecodecs(codec: str, data: bytes) -> Samples:
    """Raises DamagedError where data are missing or a checksum is wrong."""
    import imagecodecs

    silence_library("imagecodecs")
    try:
        samples: Samples = getattr(imagecodecs, f"{codec}_decode")(data)
    except (RuntimeError, ValueError) as error:
        raise DamagedError(error) from error
    return samples


def _whole_jpeg(data: bytes) -> Samples:
    """Return the pixels of a JPEG file, or raise DamagedError where its data end before its
    picture: libjpeg fills what is missing with mid-gray and reports nothing.

    Between the first scan and the end marker that marker cannot occur (ITU-T T.81, B.1.1.5), so a
    file without it was cut. A picture that ends in libjpeg's gray is decoded again with more bytes
    before the end marker: a whole file does not look at them.
    """
    scan = _first_scan(data)
    if data.rfind(_END_OF_IMAGE, scan) < 0:
        raise DamagedError("its data have no end")
    pixels = _by_imagecodecs("jpeg8", data)
    if (pixels[-1, -1] == _MID_GRAY).all():
        end = data.find(_END_OF_IMAGE, scan)
        if (_by_imagecodecs("jpeg8", data[:end] + _MORE + data[end:]) != pixels).any():
            raise DamagedError("its data end before its picture")
    return pixels


def _first_scan(data: bytes) -> int:
    """Return where the first scan begins, walking over segments (ITU-T T.81, B.1.1.4): a thumbnail
    in one has an end marker too.
    """
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        if data[place + 1] == _START_OF_SCAN:
            return place
        filled = data[place + 1] == 0xFF
        place += 1 if filled else 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    raise DamagedError("it has no pixels")


def _is_deep(image: ImageFile, data: bytes) -> bool:
    """Say whether the picture that Pillow opened from `data` holds more than Pillow would read."""
    match image.format:
        case "AVIF":
            return _depth_of_avif(data) > 8 and not _has_frames(image)
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


def _deep_channels(image: ImageFile, data: bytes) -> Samples:
    """Return uint16 (H, W, C) or (H, W), C as the file has it."""
    match image.format:
        case "AVIF":
            return scale_to_16_bit(_by_imagecodecs("avif", data), 2 ** _depth_of_avif(data) - 1)
        case "JPEG2000":
            return _jpeg_2000(data)
        case "PPM":
            return _ppm(image, data)
    return _by_imagecodecs("png", data)


def _jpeg_2000(data: bytes) -> Samples:
    """Signed numbers are counted from the lowest."""
    samples, bits = _by_imagecodecs("jpeg2k", data), _depth_of_jpeg_2000(data)
    lowest = 0 if samples.dtype.kind == "u" else -(2 ** (bits - 1))
    return scale_to_16_bit((samples.astype(np.int32) - lowest).astype(np.uint16), 2**bits - 1)


def _ppm(image: ImageFile, data: bytes) -> Samples:
    """Read the binary numbers behind the header (netpbm's ppm(5)), spread so that the largest
    allowed one becomes 65535.
    """
    wanted, start, most = image.width * image.height * 3, image.tile[0].offset, _most(image)
    numbers = np.frombuffer(data, ">u2", count=min(wanted, (len(data) - start) // 2), offset=start)
    if numbers.size < wanted:
        raise DamagedError("its numbers are fewer than its header promises")
    return scale_to_16_bit(numbers, most).reshape(image.height, image.width, 3)


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
