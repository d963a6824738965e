"""How is a PNG file read?

imagecodecs decodes it, with a transparent colour as alpha, to Pillow's values in less time, and
raises where data are missing or a checksum is wrong; Pillow reads palettes. EXIF may stand behind
the pixels (PNG, third edition, 11.3.2.5). gAMA and cHRM are left alone, as most programs do; cICP
is followed.
"""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import ExifTags, Image

from srkit_core.io.colorimetry import ColourCode, code_to_srgb
from srkit_core.io.decode_errors import DamagedError
from srkit_core.io.exif import as_orientation, exif_before_pixels, load_sub_ifds
from srkit_core.io.pillow_decoder import (
    by_imagecodecs,
    frames_of,
    opened,
    pillow_channels,
)
from srkit_core.io.raster import Decoder, Raster, Samples, from_channels, is_sideways

_SIGNATURE = 8
_PIXELS, _END = b"IDAT", b"IEND"
_DESCRIPTIONS = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_PALETTE = 3
_COLOUR_TYPE = 25


def _size(path: Path) -> tuple[int, int]:
    with path.open("rb") as file, opened(file) as image:
        width, height = image.size
        return (width, height) if is_sideways(_orientation(file, image)) else (height, width)


def _decode(path: Path) -> Raster:
    data = path.read_bytes()
    file = BytesIO(data)
    with opened(BytesIO(data)) as image:
        promised, turn = image.width * image.height, _orientation(file, image)
        if data[_COLOUR_TYPE] == _PALETTE:
            channels: Samples = pillow_channels(image)[0]
        else:
            channels = by_imagecodecs("png", _without_animation(data))
        if channels.shape[0] * channels.shape[1] != promised:
            raise DamagedError("its pixels are not as many as its header promises")
        code = _colour_code(file)
        profile = b"" if code else image.info.get("icc_profile") or b""
        raster = from_channels(channels, turn, profile)
    return replace(raster, samples=code_to_srgb(raster.samples, code)) if code else raster


def _exif(path: Path) -> Image.Exif:
    with path.open("rb") as file, opened(file) as image:
        return load_sub_ifds(_exif_anywhere(file, image))


def _notes(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        code = _colour_code(file)
    return frames_of(path) + (code.notes() if code else ())


PNG = Decoder(_size, _decode, _exif, _notes)


def _orientation(file: IO[bytes], image: Image.Image) -> int:
    try:
        return as_orientation(_exif_anywhere(file, image).get(ExifTags.Base.Orientation))
    except Exception:  # Pillow names no base class for what broken EXIF raises
        return 1


def _exif_anywhere(file: IO[bytes], image: Image.Image) -> Image.Exif:
    """Return the EXIF that stands before the pixels, else what stands behind them, without decoding
    any.
    """
    before = exif_before_pixels(image)
    if before:
        return before
    chunks = list(_chunks(file))
    last = max((number for number, one in enumerate(chunks) if one[0] == _PIXELS), default=-1)
    behind = [one for one in chunks[last + 1 :] if one[0] in _DESCRIPTIONS]
    if last < 0 or not behind:
        return before
    first = next(start for name, start, _ in chunks if name == _PIXELS)
    moved = _bytes(file, 0, first - 8) + b"".join(
        _bytes(file, start - 8, length + 12) for _, start, length in behind
    )
    with Image.open(BytesIO(moved + _bytes(file, first - 8, 8))) as other:
        return exif_before_pixels(other)


def _colour_code(file: IO[bytes]) -> ColourCode | None:
    """Return the colour code of cICP (11.3.2.6), which goes before every other name of colours."""
    for name, start, length in _chunks(file):
        if name == _PIXELS:
            break
        if name == b"cICP" and length == 4:
            primaries, transfer = _bytes(file, start, 2)
            return ColourCode(primaries, transfer)
    return None


def _without_animation(data: bytes) -> bytes:
    """Return a file without the chunks that make it move: libpng's have faults that do not matter
    to its first picture.
    """
    moving = [one for one in _chunks(BytesIO(data)) if one[0] in _ANIMATION]
    for _, start, length in reversed(moving):
        data = data[: start - 8] + data[start + length + 4 :]
    return data


def _chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Walk over the chunks: name, place and length of the content."""
    place = _SIGNATURE
    while True:
        head = _bytes(file, place, 8)
        if len(head) < 8:
            return
        name, length = head[4:], int.from_bytes(head[:4], "big")
        yield name, place + 8, length
        if name == _END:
            return
        place += length + 12


def _bytes(file: IO[bytes], place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)
