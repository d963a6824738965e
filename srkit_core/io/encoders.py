"""How do rows of pixels become the bytes of a picture file?"""

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from srkit_core.io.density import Density
from srkit_core.io.exif import SUB_IFDS, text_as_stored
from srkit_core.io.jpegxl_header import named_srgb
from srkit_core.io.raster import Samples

_JPEG_XL_EFFORT = 3
"""Of 1 to 9: from here on files become little smaller and the time much longer (measured)."""

_UNPREMULTIPLIED = 2
_BLACK_IS_ZERO, _RGB = 1, 2
_INCHES = 2
OFFSETS_OF_32_BIT = 2**32 - 2**20
"""So many bytes of pixels leave room for a header and what else stands before them; more of them
make BigTIFF, whose offsets have 64 bit.
"""
_BIG_TIFF, _LONG8 = b"II+\0\x08\0\0\0" + bytes(8), 16


@dataclass(frozen=True)
class Header:
    """What is known of a file before its rows: sides in pixels, gray or RGB with alpha or without
    (1 to 4 channels), 8 or 16 bit, EXIF bytes and an ICC profile, both b"" for none, the `software`
    that made the pixels where EXIF does not say it, and dots per inch.
    """

    height: int
    width: int
    channels: int
    deep: bool = False
    exif: bytes = b""
    profile: bytes = b""
    software: str = ""
    density: Density | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W), or (H, W, 2 to 4)."""
        sides = self.height, self.width
        return sides if self.channels == 1 else (*sides, self.channels)

    @property
    def pixel_bytes(self) -> int:
        """How many bytes a pixel takes."""
        return self.channels * (2 if self.deep else 1)


Encode = Callable[[Header, Iterable[Samples]], Iterator[bytes | memoryview]]
"""From bands of rows, (h, W) or (h, W, 2 to 4) from top to bottom, to the parts of a file."""

EncodeWhole = Callable[[Header, Samples], bytes]
"""From (H, W) or (H, W, 2 to 4) to the bytes of a file."""


@dataclass(frozen=True)
class Encoder:
    """How a format is written.

    A format that is not `deep` gets uint8, 16 bit rounded to it. One that has no `alpha` gets
    pictures laid on white, one that is not `gray` three equal channels. A side has at most
    `most_side` pixels, all of them together at most `most_bytes` as they are stored. `exif`,
    `profile`, `density` and `texts` say whether it has a place for EXIF, for an ICC profile of
    sRGB, for dots per inch and for the name of a software beside EXIF, `by_rows` whether rows are
    written as they come and need not be held. `lossy` gives what writes it in a quality of
    1 to 100, in the format's own meaning, `level` what tries as hard as 1 to 9 say to make it small
    without loss, None where there is no such thing.
    """

    encode: Encode
    deep: bool = False
    alpha: bool = False
    gray: bool = False
    most_side: int = 2**31 - 1
    most_side_16_bit: int = 2**31 - 1
    most_bytes: int = 2**63 - 1
    exif: bool = False
    profile: bool = False
    density: bool = False
    texts: bool = False
    by_rows: bool = False
    lossy: Callable[[int], Encode] | None = None
    level: Callable[[int], Encode] | None = None


def at_once(encode: EncodeWhole) -> Encode:
    """Return what gathers the rows for a format that is written at once."""

    def gather(header: Header, bands: Iterable[Samples]) -> Iterator[bytes]:
        samples: Samples = np.empty(header.shape, np.uint16 if header.deep else np.uint8)
        row = 0
        for band in bands:
            samples[row : row + len(band)] = band
            row += len(band)
        yield encode(header, samples)

    return gather


def pillow_encode(name: str, **options: Any) -> EncodeWhole:
    """Return what writes the format that Pillow calls `name`, with options of Pillow's `save`."""

    def encode(header: Header, channels: Samples) -> bytes:
        told = {"icc_profile": header.profile, "exif": header.exif, "dpi": header.density}
        described: dict[str, Any] = {key: value for key, value in told.items() if value}
        encoded = BytesIO()
        Image.fromarray(channels).save(encoded, name, **options, **described)
        return encoded.getvalue()

    return encode


def _loaded(exif: bytes) -> Image.Exif:
    """Return EXIF for Pillow to write into a directory of its own."""
    described = Image.Exif()
    described.load(exif)
    return text_as_stored(described)


def encode_jpeg_xl(header: Header, channels: Samples, quality: int | None = None) -> bytes:
    """Let libjxl write it without loss or in a quality, its colours named sRGB, and put EXIF behind
    it (ISO/IEC 18181-2, clause 9).
    """
    import imagecodecs

    encoded = bytes(
        imagecodecs.jpegxl_encode(
            np.ascontiguousarray(channels),
            lossless=quality is None,
            distance=None if quality is None else _distance(quality),
            effort=_JPEG_XL_EFFORT,
            usecontainer=True,
        )
    )
    place = encoded.index(b"jxlc") + 4
    named = encoded[:place] + named_srgb(encoded[place:])
    content = bytes(4) + header.exif.removeprefix(b"Exif\0\0")
    if not header.exif:
        return named
    return named + struct.pack(">I", 8 + len(content)) + b"Exif" + content


def _distance(quality: int) -> float:
    """Return what libjxl calls distance (JxlEncoderDistanceFromQuality): 90 is 1, which is meant to
    look like the original.
    """
    if quality >= 30:
        return 0.1 + (100 - quality) * 0.09
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25


def _directory(size: int) -> Any:
    """Return a directory for so many bytes of pixels."""
    if size <= OFFSETS_OF_32_BIT:
        return ImageFileDirectory_v2()
    directory = ImageFileDirectory_v2(ifh=_BIG_TIFF)
    directory.tagtype[ExifTags.Base.StripOffsets] = _LONG8
    directory.tagtype[ExifTags.Base.StripByteCounts] = _LONG8
    return directory


def encode_tiff(header: Header, bands: Iterable[Samples]) -> Iterator[bytes]:
    """Let Pillow write the directory, with EXIF and profile in it, and put the samples behind it,
    uncompressed (TIFF 6.0, section 6; BigTIFF where they take 4 GiB).
    """
    count, base = header.channels, ExifTags.Base
    directory = _directory(header.height * header.width * header.pixel_bytes)
    directory.update(
        {
            base.ImageWidth: header.width,
            base.ImageLength: header.height,
            base.BitsPerSample: (16 if header.deep else 8,) * count,
            base.Compression: 1,
            base.PhotometricInterpretation: _RGB if count > 2 else _BLACK_IS_ZERO,
            base.SamplesPerPixel: count,
            base.RowsPerStrip: header.height,
            base.StripOffsets: 0,
            base.StripByteCounts: header.height * header.width * header.pixel_bytes,
        }
    )
    if count in (2, 4):
        directory[base.ExtraSamples] = _UNPREMULTIPLIED
    if header.profile:
        directory[base.InterColorProfile] = header.profile
    if header.density:
        across, down = header.density
        directory.update(
            {base.XResolution: across, base.YResolution: down, base.ResolutionUnit: _INCHES}
        )
    described = _loaded(header.exif)
    directory.update(
        {
            tag: described.get_ifd(tag) if tag in SUB_IFDS else value
            for tag, value in described.items()
        }
    )
    encoded = BytesIO()
    directory.save(encoded)
    yield encoded.getvalue()
    for band in bands:
        yield np.ascontiguousarray(band, "<u2" if header.deep else np.uint8).tobytes()
