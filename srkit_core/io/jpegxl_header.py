"""What does the header of a JPEG XL codestream say (ISO/IEC 18181-1, annexes B and E)?"""

from dataclasses import dataclass

from srkit_core.io.colorimetry import ColourCode
from srkit_core.io.decode_errors import DamagedError

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_ALPHA, _SPOT, _BLACK, _FILTER = 0, 2, 4, 5
_GRAY, _XYB = 1, 2
_LINEAR, _SRGB = 8, 13
_SIGNATURE, _MOST_BYTES = b"\xff\x0a", 4096
_CUSTOM, _P3, _DCI_WHITE, _DISPLAY_P3 = 2, 11, 11, 12

_Choice = tuple[int, int]
"""A value of U32: an offset, and how many bits are added to it."""

_ENUM: tuple[_Choice, ...] = ((0, 0), (1, 0), (2, 4), (18, 6))


@dataclass(frozen=True)
class JpegXlHeader:
    """`height` and `width` as stored, `orientation` as EXIF counts it, `bits` of a sample.

    `has_profile` says that an ICC profile names the colours, else `code` does. `premultiplied` is
    of alpha, `inks` says that there is a channel of black ink. `transfer_place` is the bit of the
    codestream at which the transfer is named, if it is.
    """

    height: int
    width: int
    orientation: int
    bits: int
    is_float: bool
    is_animated: bool
    premultiplied: bool
    inks: bool
    has_profile: bool
    code: ColourCode
    transfer_place: int | None = None


class _Bits:
    """Reads bits, the lowest of a byte first."""

    def __init__(self, data: bytes, place: int) -> None:
        self._number, self._end, self.place = int.from_bytes(data, "little"), 8 * len(data), place

    def take(self, count: int) -> int:
        if self.place + count > self._end:
            raise DamagedError("its header ends early")
        value = (self._number >> self.place) & ((1 << count) - 1)
        self.place += count
        return value

    def flag(self) -> bool:
        return bool(self.take(1))

    def u32(self, *choices: _Choice) -> int:
        offset, count = choices[self.take(2)]
        return offset + self.take(count)


def read_jpegxl_header(codestream: bytes) -> JpegXlHeader:
    """Read the beginning of a codestream, from its signature on.

    Raises DamagedError where it ends early.
    """
    bits = _Bits(codestream[:_MOST_BYTES], 8 * len(_SIGNATURE))
    height, width = _size(bits)
    if bits.flag():  # everything is as usual
        return JpegXlHeader(
            height, width, 1, 8, False, False, False, False, False, ColourCode(1, _SRGB)
        )
    orientation, is_animated = _extra_fields(bits) if bits.flag() else (1, False)
    depth, is_float = _depth(bits)
    bits.flag()  # 16-bit buffers suffice
    further = [_extra_channel(bits) for _ in range(bits.u32((0, 0), (1, 0), (2, 4), (1, 12)))]
    bits.flag()  # XYB
    has_profile, code, place = _colours(bits)
    return JpegXlHeader(
        height,
        width,
        orientation,
        depth,
        is_float,
        is_animated,
        premultiplied=(_ALPHA, True) in further,
        inks=(_BLACK, False) in further,
        has_profile=has_profile,
        code=code,
        transfer_place=place,
    )


def named_srgb(codestream: bytes) -> bytes:
    """Return a codestream that names the transfer of sRGB where it named that of light itself, as
    imagecodecs does for 16 bit; pixels that are stored without loss stay as they are.
    """
    header = read_jpegxl_header(codestream)
    if header.transfer_place is None or header.code.transfer != _LINEAR:
        return codestream
    start = codestream[:_MOST_BYTES]
    named = int.from_bytes(start, "little")
    for value, sign in ((_LINEAR, -1), (_SRGB, 1)):
        named += sign * ((value - _ENUM[2][0]) << (header.transfer_place + 2))
    return named.to_bytes(len(start), "little") + codestream[len(start) :]


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.flag()

    def side() -> int:
        return (bits.take(5) + 1) * 8 if small else bits.u32((1, 9), (1, 13), (1, 18), (1, 30))

    height = side()
    ratio = bits.take(3)
    if not ratio:
        return height, side()
    part, whole = _RATIOS[ratio]
    return height, height * part // whole


def _extra_fields(bits: _Bits) -> tuple[int, bool]:
    """Return orientation and whether it is animated."""
    orientation = 1 + bits.take(3)
    if bits.flag():
        _size(bits)
    if bits.flag():
        _preview(bits)
    is_animated = bits.flag()
    if is_animated:
        bits.u32((100, 0), (1000, 0), (1, 10), (1, 30))
        bits.u32((1, 0), (1001, 0), (1, 8), (1, 10))
        bits.u32((0, 0), (0, 3), (0, 16), (0, 32))
        bits.flag()
    return orientation, is_animated


def _preview(bits: _Bits) -> None:
    eighths = bits.flag()

    def side() -> int:
        if eighths:
            return bits.u32((16, 0), (32, 0), (1, 5), (33, 9))
        return bits.u32((1, 6), (65, 8), (321, 10), (1345, 12))

    side()
    if not bits.take(3):
        side()


def _depth(bits: _Bits) -> tuple[int, bool]:
    is_float = bits.flag()
    if is_float:
        depth = bits.u32((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
        return depth, True
    return bits.u32((8, 0), (10, 0), (12, 0), (1, 6)), False


def _extra_channel(bits: _Bits) -> tuple[int, bool]:
    """Return the kind of a channel, and whether it is alpha that colours are multiplied by."""
    if bits.flag():
        return _ALPHA, False
    kind = bits.u32(*_ENUM)
    _depth(bits)
    bits.u32((0, 0), (3, 0), (4, 0), (1, 3))
    bits.take(8 * bits.u32((0, 0), (0, 4), (16, 5), (48, 10)))
    premultiplied = kind == _ALPHA and bits.flag()
    if kind == _SPOT:
        bits.take(64)
    if kind == _FILTER:
        bits.u32((1, 0), (0, 2), (3, 4), (19, 8))
    return kind, premultiplied


def _colours(bits: _Bits) -> tuple[bool, ColourCode, int | None]:
    """Return whether there is an ICC profile, the code of colours that says the same as the fields
    do, and where the transfer is named; chromaticities of a file's own are not known.
    """
    if bits.flag():
        return False, ColourCode(1, _SRGB), None
    has_profile, space = bits.flag(), bits.u32(*_ENUM)
    if has_profile or space == _XYB:
        return has_profile, ColourCode(), None
    white = bits.u32(*_ENUM)
    if white == _CUSTOM:
        _custom(bits)
    primaries = 1 if space == _GRAY else bits.u32(*_ENUM)
    if primaries == _CUSTOM and space != _GRAY:
        for _ in range(3):
            _custom(bits)
    gamma, place = bits.flag(), bits.place
    transfer = 2 if gamma else bits.u32(*_ENUM)
    if primaries == _P3 and white != _DCI_WHITE:
        primaries = _DISPLAY_P3
    return False, ColourCode(primaries, transfer), None if gamma else place


def _custom(bits: _Bits) -> None:
    for _ in range(2):
        bits.u32((0, 19), (524288, 19), (1048576, 20), (2097152, 21))
