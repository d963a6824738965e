"""Is a JPEG file whole?

libjpeg fills what is missing with mid-gray and reports nothing, so the file itself has to tell.
"""

from collections.abc import Callable

from srkit_core.io.failure import DamagedError
from srkit_core.io.raster import Samples

_START_OF_SCAN = 0xDA
_END = b"\xff\xd9"
_GRAY = 128
_MORE = b"\x5a" * 64


def decode_whole(data: bytes, decode: Callable[[bytes], Samples]) -> Samples:
    """Return the pixels of a JPEG file, or raise DamagedError where its data end before its
    picture.

    Between the first scan and the end marker that marker cannot occur (ITU-T T.81, B.1.1.5), so a
    file without it was cut. A picture that ends in libjpeg's gray is decoded again with more bytes
    before the end marker: a whole file does not look at them.
    """
    scan = _first_scan(data)
    if data.rfind(_END, scan) < 0:
        raise DamagedError("its data have no end")
    pixels = decode(data)
    if (pixels[-1, -1] == _GRAY).all():
        end = data.find(_END, scan)
        if (decode(data[:end] + _MORE + data[end:]) != pixels).any():
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
