"""How do pixels become the bytes of a picture file?"""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from srkit_core.io.exif import INNER, sound
from srkit_core.io.raster import DeepPixels, Pixels, Samples, on_white, to_8_bit

WRITABLE = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".jp2"})
"""Endings (in lower case) of the formats that are written."""

DEEP = frozenset({".png", ".tif", ".tiff"})
"""Endings of formats that keep 16 bit."""

TRANSPARENT = frozenset({".png", ".webp", ".tif", ".tiff", ".jp2"})
"""Endings of formats that keep alpha; elsewhere it is laid on white."""

_DESCRIBED = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"})
_OPTIONS: dict[str, dict[str, Any]] = {
    ".jpg": {"quality": 95, "subsampling": 0},
    ".jpeg": {"quality": 95, "subsampling": 0},
    ".webp": {"lossless": True, "exact": True, "method": 0},
    ".png": {"compress_level": 4},
}
_PNG_HEADER = 33
_UNPREMULTIPLIED = 2
_RGB = 2


def encode(
    ending: str,
    colours: Samples,
    alpha: Samples | None = None,
    exif: bytes = b"",
    profile: bytes = b"",
) -> bytes:
    """Return a file of the format that an ending names.

    `colours` (H, W, 3) and `alpha` (H, W) are uint8 or uint16 alike; 16 bit is rounded to 8 where
    the format has no more. EXIF and the ICC profile are left out where the format has no place for
    them, and so is broken EXIF. Raises OSError or ValueError when the format cannot hold the
    picture.
    """
    if alpha is not None and ending in TRANSPARENT:
        channels: Samples = np.dstack([colours, alpha])
    else:
        channels = on_white(colours, alpha)
    described = sound(exif)
    if channels.dtype == np.uint16 and ending in DEEP:
        deep = channels.astype(np.uint16, copy=False)
        return (
            _deep_png(deep, described, profile)
            if ending == ".png"
            else _deep_tiff(deep, described, profile)
        )
    return _by_pillow(ending, to_8_bit(channels), described, profile)


def _by_pillow(ending: str, channels: Pixels, exif: bytes, profile: bytes) -> bytes:
    known = {"exif": exif, "icc_profile": profile} if ending in _DESCRIBED else {}
    described = {name: content for name, content in known.items() if content}
    encoded = BytesIO()
    Image.fromarray(channels).save(
        encoded, Image.registered_extensions()[ending], **_OPTIONS.get(ending, {}), **described
    )
    return encoded.getvalue()


def _deep_png(channels: DeepPixels, exif: bytes, profile: bytes) -> bytes:
    """Let imagecodecs write the PNG, and put profile and EXIF behind its header (PNG, third
    edition, chunks iCCP and eXIf).
    """
    import imagecodecs

    encoded = bytes(imagecodecs.png_encode(np.ascontiguousarray(channels), level=4))
    colours = _chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile)) if profile else b""
    described = _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")) if exif else b""
    return encoded[:_PNG_HEADER] + colours + described + encoded[_PNG_HEADER:]


def _chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def _deep_tiff(channels: DeepPixels, exif: bytes, profile: bytes) -> bytes:
    """Let Pillow write the directory, with EXIF and profile in it, and put the samples behind it,
    uncompressed (TIFF 6.0, section 6).
    """
    height, width, count = channels.shape
    base = ExifTags.Base
    directory: Any = ImageFileDirectory_v2()
    directory.update(
        {
            base.ImageWidth: width,
            base.ImageLength: height,
            base.BitsPerSample: (16,) * count,
            base.Compression: 1,
        }
    )
    directory.update(
        {
            base.PhotometricInterpretation: _RGB,
            base.SamplesPerPixel: count,
            base.RowsPerStrip: height,
        }
    )
    directory.update({base.StripOffsets: 0, base.StripByteCounts: channels.nbytes})
    if count == 4:
        directory[base.ExtraSamples] = _UNPREMULTIPLIED
    if profile:
        directory[base.InterColorProfile] = profile
    described = Image.Exif()
    described.load(exif)
    directory.update(
        {tag: described.get_ifd(tag) if tag in INNER else value for tag, value in described.items()}
    )
    encoded = BytesIO()
    encoded.seek(directory.save(encoded))
    encoded.write(channels.astype("<u2").tobytes())
    return encoded.getvalue()
