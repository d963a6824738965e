"""How do pixels become the bytes of a picture file?"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from srkit_core.io.exif import SUB_IFDS, text_as_stored, valid_exif
from srkit_core.io.jpegxl_header import named_srgb
from srkit_core.io.raster import Samples, on_white, to_8_bit

_PNG_HEADER = 33
_JPEG_XL_EFFORT = 3
"""Of 1 to 9: from here on files become little smaller and the time much longer (measured)."""

_UNPREMULTIPLIED = 2
_BLACK_IS_ZERO, _RGB = 1, 2

Encode = Callable[[Samples, bytes, bytes], bytes]
"""From (H, W) or (H, W, 2 to 4), EXIF bytes and an ICC profile, both b"" for none, to the bytes of
a file.
"""


@dataclass(frozen=True)
class Encoder:
    """How a format is written.

    `encode` takes uint8. `encode_16_bit` takes uint16; a format without it gets pixels rounded to 8
    bit. A format that has no `alpha` gets pictures laid on white, one that is not `gray` three
    equal channels. A side has at most `most_side` pixels, all of them together at most
    `most_bytes` as they are stored. `exif` and `profile` say whether
    it has a place for EXIF and for an ICC profile of sRGB.
    """

    encode: Encode
    encode_16_bit: Encode | None = None
    alpha: bool = False
    gray: bool = False
    most_side: int = 2**31 - 1
    most_side_16_bit: int = 2**31 - 1
    most_bytes: int = 2**63 - 1
    exif: bool = False
    profile: bool = False


def encode_photo(
    encoder: Encoder,
    colours: Samples,
    alpha: Samples | None = None,
    exif: bytes = b"",
    profile: bytes = b"",
) -> bytes:
    """Return a file with what its format has a place for.

    `colours` (H, W, 3), or (H, W) of gray, and `alpha` (H, W) are uint8 or uint16 alike. Broken
    EXIF is left out. Raises OSError or ValueError when the format cannot hold the picture.
    """
    if alpha is not None and encoder.alpha:
        channels: Samples = np.dstack([colours, alpha])
    else:
        channels = np.ascontiguousarray(on_white(colours, alpha))
    described = (
        valid_exif(exif) if encoder.exif else b"",
        profile if encoder.profile else b"",
    )
    if channels.dtype == np.uint16 and encoder.encode_16_bit:
        return encoder.encode_16_bit(channels, *described)
    return encoder.encode(to_8_bit(channels), *described)


def pillow_encode(name: str, **options: Any) -> Encode:
    """Return what writes the format that Pillow calls `name`, with options of Pillow's `save`."""

    def encode(channels: Samples, exif: bytes, profile: bytes) -> bytes:
        described: dict[str, Any] = {"icc_profile": profile} if profile else {}
        if exif:
            described["exif"] = _loaded(exif) if name == "TIFF" else exif
        encoded = BytesIO()
        Image.fromarray(channels).save(encoded, name, **options, **described)
        return encoded.getvalue()

    return encode


def _loaded(exif: bytes) -> Image.Exif:
    """Return EXIF for Pillow to write into a directory of its own."""
    described = Image.Exif()
    described.load(exif)
    return text_as_stored(described)


def encode_16_bit_png(channels: Samples, exif: bytes, profile: bytes) -> bytes:
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


def encode_jpeg_xl(channels: Samples, exif: bytes, profile: bytes) -> bytes:
    """Let libjxl write it without loss, its colours named sRGB, and put EXIF behind it (ISO/IEC
    18181-2, clause 9).
    """
    import imagecodecs

    del profile
    encoded = bytes(
        imagecodecs.jpegxl_encode(
            np.ascontiguousarray(channels), lossless=True, effort=_JPEG_XL_EFFORT, usecontainer=True
        )
    )
    place = encoded.index(b"jxlc") + 4
    named = encoded[:place] + named_srgb(encoded[place:])
    content = bytes(4) + exif.removeprefix(b"Exif\0\0")
    return named + (struct.pack(">I", 8 + len(content)) + b"Exif" + content if exif else b"")


def encode_16_bit_tiff(channels: Samples, exif: bytes, profile: bytes) -> bytes:
    """Let Pillow write the directory, with EXIF and profile in it, and put the samples behind it,
    uncompressed (TIFF 6.0, section 6).
    """
    (height, width), count = channels.shape[:2], channels[0, 0].size
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
            base.PhotometricInterpretation: _RGB if count > 2 else _BLACK_IS_ZERO,
            base.SamplesPerPixel: count,
            base.RowsPerStrip: height,
        }
    )
    directory.update({base.StripOffsets: 0, base.StripByteCounts: channels.nbytes})
    if count in (2, 4):
        directory[base.ExtraSamples] = _UNPREMULTIPLIED
    if profile:
        directory[base.InterColorProfile] = profile
    described = _loaded(exif)
    directory.update(
        {
            tag: described.get_ifd(tag) if tag in SUB_IFDS else value
            for tag, value in described.items()
        }
    )
    encoded = BytesIO()
    encoded.seek(directory.save(encoded))
    encoded.write(channels.astype("<u2").tobytes())
    return encoded.getvalue()
