"""How is a BMP file read?

Pillow reads the usual ones. Those of 2 bit and of other bit fields than usual, which it refuses by
name, are read here after the descriptions of BITMAPINFOHEADER to BITMAPV5HEADER.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from srkit_core.io.decode_errors import (
    NOTHING_BUT_ZEROS,
    DamagedError,
    checked_size,
    ends_in_zeros,
)
from srkit_core.io.pillow_decoder import PILLOW
from srkit_core.io.raster import Decoder, Raster, Samples, from_channels

_FILE_HEADER, _INFO_HEADER = 14, 40
_PLAIN, _FIELDS, _FIELDS_WITH_ALPHA = 0, 3, 6
_USUAL_FIELDS: Final = {16: (0x7C00, 0x03E0, 0x001F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}
_KNOWN_BITS = (1, 2, 4, 8, 16, 24, 32)
_HEADER = 14 + 124 + 16 + 1024


@dataclass(frozen=True)
class _Header:
    """What stands before the pixels; `fields` are the masks of red, green, blue and alpha."""

    height: int
    width: int
    is_upside_down: bool
    bits: int
    fields: tuple[int, int, int, int]
    palette: Samples
    offset: int


def _size(path: Path) -> tuple[int, int]:
    try:
        return PILLOW.size(path)
    except OSError as error:
        return _of_another_kind(path, error)[:2]


def _decode(path: Path) -> Raster:
    if not _has_alpha(path):
        try:
            return PILLOW.decode(path)
        except (OSError, DamagedError) as error:
            _of_another_kind(path, error)
    header = _read_header(path)
    with path.open("rb") as file:
        checked_size(header.height, header.width)
        file.seek(header.offset)
        stride = (header.width * header.bits + 31) // 32 * 4
        data = file.read(stride * header.height)
    if len(data) < stride * header.height:
        raise DamagedError("its data end before its picture")
    rows = np.frombuffer(data, np.uint8).reshape(header.height, stride)
    raster = from_channels(_channels(rows[::-1] if header.is_upside_down else rows, header))
    notes = ends_in_zeros(data) if any(data) else (NOTHING_BUT_ZEROS,)
    return Raster(raster.samples, raster.alpha, notes=notes)


BMP = Decoder(_size, _decode, PILLOW.exif)


def _has_alpha(path: Path) -> bool:
    """Say whether bit fields name one for alpha, which Pillow leaves out of 16 bit."""
    try:
        header = _read_header(path)
    except (ValueError, struct.error):
        return False
    return bool(header.fields[3]) and min(header.height, header.width) > 0


def _of_another_kind(path: Path, error: OSError | DamagedError) -> tuple[int, int]:
    """Return the size of a file that Pillow refuses by name; raises what it raised for others."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error
    try:
        header = _read_header(path)
    except struct.error:
        raise DamagedError("its header ends early") from None
    except ValueError as unread:
        raise (error if isinstance(error, DamagedError) else unread) from None
    return checked_size(header.height, header.width)


def _read_header(path: Path) -> _Header:
    """Raises ValueError for a compression or a depth that is not read."""
    with path.open("rb") as file:
        data = file.read(_HEADER)
    offset, size = struct.unpack_from("<I", data, 10)[0], struct.unpack_from("<I", data, 14)[0]
    if size < 16:
        raise ValueError(f"its header of {size} bytes is of a kind that is not read")
    width, height, planes, bits = struct.unpack_from("<iiHH", data, 18)
    compression = struct.unpack_from("<I", data, 30)[0] if size >= _INFO_HEADER else _PLAIN
    if compression not in (_PLAIN, _FIELDS, _FIELDS_WITH_ALPHA):
        raise ValueError(f"it is compressed in a way that is not read (code {compression})")
    if bits not in _KNOWN_BITS or planes != 1:
        raise ValueError(f"its pixels are of {bits} bit in {planes} planes, which is not read")
    colours = struct.unpack_from("<I", data, 46)[0] if size >= _INFO_HEADER else 0
    has_fields = compression != _PLAIN and bits in _USUAL_FIELDS
    with_alpha = compression == _FIELDS_WITH_ALPHA or size >= 56
    fields = _fields(data, with_alpha) if has_fields else _USUAL_FIELDS.get(bits, (0, 0, 0, 0))
    start = _FILE_HEADER + size + (12 + 4 * with_alpha if has_fields and size == 40 else 0)
    palette = _palette(data[start:offset], colours or 2**bits) if bits <= 8 else _palette(b"", 0)
    return _Header(abs(height), width, height > 0, bits, fields, palette, offset)


def _fields(data: bytes, with_alpha: bool) -> tuple[int, int, int, int]:
    red, green, blue = struct.unpack_from("<3I", data, _FILE_HEADER + _INFO_HEADER)
    place = _FILE_HEADER + _INFO_HEADER + 12
    alpha = struct.unpack_from("<I", data, place)[0] if with_alpha else 0
    return red, green, blue, alpha


def _palette(data: bytes, colours: int) -> Samples:
    count = min(len(data) // 4, colours, 256)
    entries = np.frombuffer(data, np.uint8, 4 * count).reshape(count, 4)
    return entries[:, 2::-1]


def _channels(rows: Samples, header: _Header) -> Samples:
    if header.bits <= 8:
        return _looked_up(rows, header)
    if header.bits == 24:
        return rows[:, : header.width * 3].reshape(header.height, header.width, 3)[:, :, ::-1]
    kind = np.dtype(f"<u{header.bits // 8}")
    numbers = np.ascontiguousarray(rows).view(kind)[:, : header.width].astype(np.uint32)
    with_alpha = header.fields[3] and (numbers & np.uint32(header.fields[3])).any()
    masks = header.fields if with_alpha else header.fields[:3]
    most = max(mask.bit_count() for mask in masks)
    full, result_kind = (255, np.uint8) if most <= 8 else (65535, np.uint16)
    return np.dstack([_spread(numbers, mask, full) for mask in masks]).astype(result_kind)


def _spread(numbers: Samples, mask: int, full: int) -> Samples:
    """Stretch the bits under a mask over 0 to `full`; without a mask there is nothing of it."""
    if not mask:
        return np.zeros(numbers.shape, np.uint32)
    shift = (mask & -mask).bit_length() - 1
    most = mask >> shift
    wide = ((numbers & np.uint32(mask)) >> np.uint32(shift)).astype(np.uint64)
    spread: Samples = (wide * np.uint64(full) + np.uint64(most // 2)) // np.uint64(most)
    return spread


def _looked_up(rows: Samples, header: _Header) -> Samples:
    each = 8 // header.bits
    shifts = np.arange(each - 1, -1, -1, dtype=np.uint8) * header.bits
    parts = (rows[:, :, None] >> shifts.astype(np.uint8)) & np.uint8(2**header.bits - 1)
    indices = parts.reshape(header.height, -1)[:, : header.width]
    if int(indices.max()) >= len(header.palette):
        raise DamagedError("its numbers lie outside its palette")
    colours: Samples = header.palette[indices]
    return colours
