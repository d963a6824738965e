"""How is a JPEG file read, whole or not at all?

libjpeg-turbo, which imagecodecs brings, decodes it to Pillow's values in less time, and the 12 and
16 bit that Pillow does not know. It fills what is missing with mid-gray and reports nothing, so
whether all data are there is found out here. Inks are decoded by Pillow, which knows Adobe's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.ImageFile import ImageFile

from srkit_core.io.decode_errors import DamagedError
from srkit_core.io.exif import exif_orientation, load_sub_ifds
from srkit_core.io.pillow_decoder import as_raster, by_imagecodecs, opened, pillow_channels
from srkit_core.io.raster import Decoder, Raster, Samples, is_sideways, scale_to_16_bit

_START_OF_IMAGE, _END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length: TEM, restarts and another start (ITU-T T.81, table B.1)."""

_RESTARTS = range(0xD0, 0xD8)
_COEFFICIENTS = 64
_MID_GRAY = 128
_HOLE = bytes(16)
"""So many zeros before a missing end are none of a picture's data (empirical)."""

_CONTINUATIONS = (b"\x5a" * 64, b"\xa5" * 64)
"""Bytes that a whole picture does not look at, and of which one that ends early makes blocks."""


@dataclass(frozen=True)
class _Parts:
    """A file from its first to its last byte: segments before the first scan, without what stands
    between them, and the rest.
    """

    segments: tuple[bytes, ...]
    rest: bytes

    def frame(self) -> bytes:
        """Return the frame header (T.81, B.2.2)."""
        for segment in self.segments:
            if segment[1] in _FRAMES and len(segment) > 9:
                return segment
        raise DamagedError("it has no pixels")

    def joined(self, precision: int | None = None) -> bytes:
        """Return the file, if wanted with another precision in its frame header."""
        frame = self.frame()
        named = frame[:4] + bytes([precision or frame[4]]) + frame[5:]
        segments = (named if one is frame else one for one in self.segments)
        return _START_OF_IMAGE + b"".join(segments) + self.rest


def _size(path: Path) -> tuple[int, int]:
    with _header(path) as image:
        width, height = image.size
        return (width, height) if is_sideways(exif_orientation(image)) else (height, width)


def _decode(path: Path) -> Raster:
    parts = _walked(path.read_bytes())
    precision, closed = parts.frame()[4], _END_OF_IMAGE in parts.rest
    whole = parts if closed else replace(parts, rest=_closed(parts.rest))
    with opened(BytesIO(whole.joined(8))) as image:
        turn, profile = exif_orientation(image), image.info.get("icc_profile") or b""
        if image.mode == "CMYK" and precision != 8:
            raise ValueError(f"its pixels are inks of {precision} bit, which are not read")
        channels = _checked_pixels(whole, closed)
        if image.mode == "CMYK":
            channels = pillow_channels(image)[0]
        if channels.shape[:2] != image.size[::-1]:
            raise DamagedError("its pixels are not as many as its header promises")
        raster = as_raster(image, channels, turn, profile)
    notes = () if closed else ("its end marker is missing, its data are all there",)
    return replace(raster, notes=notes)


def _exif(path: Path) -> Image.Exif:
    with _header(path) as image:
        return load_sub_ifds(image.getexif())


JPEG = Decoder(_size, _decode, _exif)


@contextmanager
def _header(path: Path) -> Iterator[ImageFile]:
    """Let Pillow read the header, or what it takes for one where it does not know it."""
    with path.open("rb") as file:
        try:
            Image.open(file)
        except OSError:
            file.seek(0)
            with opened(BytesIO(_walked(file.read()).joined(8))) as image:
                yield image
            return
        file.seek(0)
        with opened(file) as image:
            yield image


def _walked(data: bytes) -> _Parts:
    """Walk over the segments before the first scan (T.81, B.1.1.4): a thumbnail in one has an end
    marker too. Bytes between segments are passed over, as decoders do.
    """
    segments, place = list[bytes](), 2
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 4 > len(data):
            raise DamagedError("it has no pixels")
        marker = data[place + 1]
        if marker == _START_OF_SCAN:
            return _Parts(tuple(segments), data[place:])
        if marker in (0x00, 0xFF) or marker in _ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        segments.append(data[place : place + 2 + length])
        place += 2 + max(length, 2)


def _closed(rest: bytes) -> bytes:
    """Return scans with the end marker that they lack.

    Raises DamagedError for half a marker: such a file was cut, and of how much nobody knows.
    """
    if rest.endswith(b"\xff"):
        raise DamagedError("its data have no end")
    return rest + _END_OF_IMAGE


def _checked_pixels(parts: _Parts, closed: bool) -> Samples:
    """Return the pixels, or raise DamagedError where the data end before the picture.

    Between the first scan and the end marker that marker cannot occur (B.1.1.5). A picture that
    ends in libjpeg's gray, or whose end marker is missing, is decoded again with other bytes before
    the end marker: a whole file does not look at them.
    """
    pixels, frame = _pixels(parts), parts.frame()
    if not closed and (parts.rest[:-2].endswith(_HOLE) or not _scans_are_complete(parts)):
        raise DamagedError("its data have no end")
    if not closed or (pixels[-1, -1] == _MID_GRAY).all():
        end = parts.rest.find(_END_OF_IMAGE)
        for more in (*_CONTINUATIONS, *_restarts(parts.rest[:end])):
            longer = parts.rest[:end] + more + parts.rest[end:]
            if (_pixels(replace(parts, rest=longer)) != pixels).any():
                fact = "its data end before its picture" if closed else "its data have no end"
                raise DamagedError(fact)
    if frame[4] == 8:
        return pixels
    return scale_to_16_bit(pixels, 2 ** frame[4] - 1)


def _restarts(scans: bytes) -> Iterator[bytes]:
    """Return continuations of scans that wait for a restart (T.81, B.2.1), which are numbered from
    0 to 7 over and over.
    """
    last = max(scans.rfind(bytes([0xFF, marker])) for marker in _RESTARTS)
    expected = 0 if last < scans.rfind(b"\xff\xda") else scans[last + 1] - _RESTARTS[0] + 1
    for more in _CONTINUATIONS:
        numbered = range(expected, expected + len(_RESTARTS))
        yield b"".join(bytes([0xFF, _RESTARTS[one % 8]]) + more for one in numbered)


def _pixels(parts: _Parts) -> Samples:
    return by_imagecodecs("jpeg8", parts.joined())


def _scans_are_complete(parts: _Parts) -> bool:
    """Say whether the scans hold every coefficient of every component to its last bit (T.81,
    G.1.1.1); those of lossless files have none.
    """
    frame, missing = parts.frame(), dict[int, set[int]]()
    for component in range(frame[9]):
        number = frame[10 + 3 * component]
        missing[number] = {0} if frame[1] in _LOSSLESS else set(range(_COEFFICIENTS))
    for scan in _scans(parts.rest):
        count = scan[4]
        start, stop, low = scan[5 + 2 * count], scan[6 + 2 * count], scan[7 + 2 * count] & 15
        found = {0} if frame[1] in _LOSSLESS else set(range(start, stop + 1))
        for one in range(count):
            if not low or frame[1] in _LOSSLESS:
                missing.get(scan[5 + 2 * one], set()).difference_update(found)
    return not any(missing.values())


def _scans(rest: bytes) -> Iterator[bytes]:
    """Return the scan headers, which stand behind markers that no coded data hold."""
    place = 0
    while (place := rest.find(b"\xff", place)) >= 0:
        if rest[place + 1 : place + 2] == bytes([_START_OF_SCAN]):
            header = rest[place : place + 2 + int.from_bytes(rest[place + 2 : place + 4], "big")]
            if len(header) > 4 and len(header) >= 8 + 2 * header[4]:
                yield header
        place += 2
