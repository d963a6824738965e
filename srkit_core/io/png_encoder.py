"""How do rows of pixels become a PNG file, as they come?

Rows are filtered and compressed in pieces that follow each other in one zlib stream (PNG, third
edition, clauses 9 and 10), by several threads: numpy and zlib both let others work meanwhile.
"""

import os
import struct
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from srkit_core.io.density import Density
from srkit_core.io.encoders import Header
from srkit_core.io.raster import Samples

_Bytes = NDArray[np.uint8]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES: Final = {1: 0, 2: 4, 3: 2, 4: 6}
"""Gray, gray with alpha, RGB and RGBA, by the number of channels (clause 11.2.1)."""
_SUB, _UP, _AVERAGE = 1, 2, 3
_METRES_OF_AN_INCH: Final = 0.0254
_PIECE: Final = 2**20
"""Bytes that a thread filters and compresses at a time: small beside a picture, and large enough
that it does not matter that each begins without knowing what came before.
"""
_ZLIB_HEADER: Final = b"\x78\x5e"


def encode_png(
    header: Header, bands: Iterable[Samples], level: int | None = None
) -> Iterator[bytes]:
    """Yield the parts of a PNG file of 8 or 16 bit, with profile, density, EXIF and the software
    that made the pixels before them (PNG, third edition, 11.3.3.2: tEXt is Latin-1).

    `level` is zlib's of 1 to 9; None is what is quickest.
    """
    yield _SIGNATURE + _head(header)
    if header.profile:
        yield _chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(header.profile))
    if header.density:
        yield _chunk(b"pHYs", _per_metre(header.density))
    if header.exif:
        yield _chunk(b"eXIf", header.exif.removeprefix(b"Exif\0\0"))
    if header.software:
        yield _chunk(b"tEXt", b"Software\0" + header.software.encode("latin-1", "replace"))
    yield _chunk(b"IDAT", _ZLIB_HEADER)
    check = 1
    for filtered, compressed in _compressed(header, bands, level):
        check = zlib.adler32(filtered, check)
        yield _chunk(b"IDAT", compressed)
    end = zlib.compressobj(wbits=-15).flush()
    yield _chunk(b"IDAT", end + struct.pack(">I", check)) + _chunk(b"IEND", b"")


def _per_metre(density: Density) -> bytes:
    """Return pixels per metre of both sides, and that it is metres (11.3.4.3)."""
    across, down = (round(one / _METRES_OF_AN_INCH) for one in density)
    return struct.pack(">IIB", across, down, 1)


def _head(header: Header) -> bytes:
    depth = 16 if header.deep else 8
    kind = _COLOUR_TYPES[header.channels]
    return _chunk(
        b"IHDR", struct.pack(">IIBBBBB", header.width, header.height, depth, kind, 0, 0, 0)
    )


def _compressed(
    header: Header, bands: Iterable[Samples], level: int | None
) -> Iterator[tuple[memoryview, bytes]]:
    """Yield filtered rows and what they are compressed to, in order."""
    threads = min(os.cpu_count() or 1, 8)
    waiting = deque[Future[tuple[memoryview, bytes]]]()
    with ThreadPoolExecutor(threads, "srkit-png") as pool:
        for above, rows in _pieces(header, bands):
            waiting.append(pool.submit(_compress, above, rows, header.pixel_bytes, level))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _pieces(header: Header, bands: Iterable[Samples]) -> Iterator[tuple[_Bytes, _Bytes]]:
    """Yield the row above, (N,), and rows of bytes, (h, N)."""
    size = header.width * header.pixel_bytes
    above, count = np.zeros(size, np.uint8), max(_PIECE // size, 1)
    for band in bands:
        for place in range(0, len(band), count):
            rows = _as_stored(band[place : place + count]).reshape(-1, size)
            yield above, rows
            above = rows[-1]


def _as_stored(samples: Samples) -> _Bytes:
    if samples.dtype == np.uint16:
        samples = samples.astype(">u2")
    return np.ascontiguousarray(samples).view(np.uint8)


def _compress(
    above: _Bytes, rows: _Bytes, step: int, level: int | None
) -> tuple[memoryview, bytes]:
    filtered = _filtered(above, rows, step).data
    if level is None:  # of photographs it makes 10 % more than level 1, in two thirds of the time
        packer = zlib.compressobj(wbits=-15, strategy=zlib.Z_RLE)
    else:
        packer = zlib.compressobj(level, wbits=-15)
    return filtered, packer.compress(filtered) + packer.flush(zlib.Z_SYNC_FLUSH)


def _filtered(above: _Bytes, rows: _Bytes, step: int) -> _Bytes:
    """Return each row with its filter before it, (h, 1 + N): of three, the one whose bytes, taken
    as signed, are smallest in sum (clause 12.7).
    """
    up = np.vstack([above, rows[:-1]])
    left = np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    mean = (left & up) + ((left ^ up) >> 1)
    tried = [rows - left, rows - up, rows - mean]
    costs = np.stack([_cost(one) for one in tried])
    best = costs.argmin(axis=0)
    filtered = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = np.array([_SUB, _UP, _AVERAGE], np.uint8)[best]
    for index, one in enumerate(tried):
        filtered[best == index, 1:] = one[best == index]
    return filtered


def _cost(filtered: _Bytes) -> NDArray[np.int64]:
    """Sum up how large every row is; every fourth pixel or so tells enough."""
    some = filtered[:, ::7]
    cost: NDArray[np.int64] = np.minimum(some, -some).sum(axis=1, dtype=np.int64)
    return cost


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
