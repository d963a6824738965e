"""How is a JPEG XL file read?

libjxl, which imagecodecs brings, decodes it, upright, in the colours that its header names. An ICC
profile is not handed over; it is then said that it was not followed.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from srkit_core.io.boxes import boxes
from srkit_core.io.colorimetry import code_to_srgb
from srkit_core.io.decode_errors import DamagedError, checked_size, silence_library
from srkit_core.io.exif import load_sub_ifds
from srkit_core.io.jpegxl_header import JpegXlHeader, read_jpegxl_header
from srkit_core.io.raster import (
    Decoder,
    Raster,
    Samples,
    from_channels,
    is_sideways,
    one_of,
    scale_to_16_bit,
    unmultiplied,
)
from srkit_core.io.tiff_colours import unit_samples

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_HEADER = 4096
_COUNTED = 2**20
"""Frames of more pixels are not decoded to be counted (empirical)."""
_WHOLE, _PART, _PART_NUMBER = b"jxlc", b"jxlp", 4
_EXIF, _BROTLI, _OFFSET = b"Exif", b"brob", 4


def _size(path: Path) -> tuple[int, int]:
    header = _header(path)
    sideways = is_sideways(header.orientation)
    height, width = checked_size(header.height, header.width)
    return (width, height) if sideways else (height, width)


def _decode(path: Path) -> Raster:
    header = _header(path)
    checked_size(header.height, header.width)
    if header.inks:
        raise ValueError("its pixels are inks of JPEG XL, which are not read")
    channels = _decoded(path.read_bytes())
    samples, notes = _scaled(channels, header)
    raster = from_channels(samples)
    if header.premultiplied and raster.alpha is not None:
        raster = replace(raster, samples=unmultiplied(raster.samples, raster.alpha))
    if header.has_profile:
        notes = (*notes, "its ICC profile is not followed: its colours are taken for sRGB")
    colours = code_to_srgb(raster.samples, header.code)
    return replace(raster, samples=colours, notes=notes)


def _decoded(data: bytes) -> Samples:
    import imagecodecs

    silence_library("imagecodecs")
    try:
        channels: Samples = imagecodecs.jpegxl_decode(data, index=0)
    except (RuntimeError, ValueError) as error:
        raise DamagedError(error) from error
    return channels


def _scaled(channels: Samples, header: JpegXlHeader) -> tuple[Samples, tuple[str, ...]]:
    if channels.dtype.kind == "f":
        return unit_samples(channels)
    if channels.dtype == np.uint8:
        most = 2 ** min(header.bits, 8) - 1
        spread = (channels.astype(np.uint16) * 255 + most // 2) // most
        return (channels if most == 255 else spread.astype(np.uint8)), ()
    return scale_to_16_bit(channels, 2**header.bits - 1), ()


def _exif(path: Path) -> Image.Exif:
    found = Image.Exif()
    with path.open("rb") as file:
        for box in boxes(file, 0, os.fstat(file.fileno()).st_size):
            file.seek(box.start)
            content = file.read(box.end - box.start) if box.name in (_EXIF, _BROTLI) else b""
            if box.name == _BROTLI and content[:4] == _EXIF:
                import imagecodecs

                content = bytes(imagecodecs.brotli_decode(content[4:]))
            if len(content) > _OFFSET:
                start = _OFFSET + int.from_bytes(content[:_OFFSET], "big")
                found.load(b"Exif\0\0" + content[start:])
    return load_sub_ifds(found)


def _notes(path: Path) -> tuple[str, ...]:
    header = _header(path)
    return (_frames(path, header) if header.is_animated else ()) + header.code.notes()


def _frames(path: Path, header: JpegXlHeader) -> tuple[str, ...]:
    """Say of how many frames the first is read, where they can be counted, which decodes them."""
    if header.height * header.width > _COUNTED:
        return one_of(None, "frames")
    import imagecodecs

    data = path.read_bytes()
    first, found = (imagecodecs.jpegxl_decode(data, index=index) for index in (0, None))
    frames = len(found) if found.ndim > first.ndim else 1
    return one_of(frames, "frames")


JPEG_XL = Decoder(_size, _decode, _exif, _notes)


def _header(path: Path) -> JpegXlHeader:
    with path.open("rb") as file:
        start = file.read(_HEADER)
        if start[:2] != CODESTREAM:
            start = _codestream(file, path.stat().st_size)
    if start[:2] != CODESTREAM:
        raise DamagedError("it has no codestream")
    return read_jpegxl_header(start)


def _codestream(file: IO[bytes], length: int) -> bytes:
    """Return the beginning of the codestream in a container."""
    for box in boxes(file, 0, length):
        if box.name in (_WHOLE, _PART):
            file.seek(box.start + (_PART_NUMBER if box.name == _PART else 0))
            return file.read(_HEADER)
    return b""
