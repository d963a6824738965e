"""What do the numbers that a TIFF directory describes mean as colours?

TIFF 6.0, sections 8 (gray, RGB, palette), 16 (CMYK), 18 (alpha), 19 (kinds of numbers) and 23
(CIELab); ICCLab is that of Adobe's PageMaker 6.0 technical notes, ITULab that of RFC 2301.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from srkit_core.io.colorimetry import lab_to_srgb
from srkit_core.io.decode_errors import DamagedError
from srkit_core.io.raster import Raster, Samples, from_channels, scale_to_16_bit, unmultiplied

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
CIE_LAB, ICC_LAB, ITU_LAB = 8, 9, 10
LAB: Final = (CIE_LAB, ICC_LAB, ITU_LAB)
_COLOURS: Final = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, SEPARATED: 4, YCBCR: 3}
"""How many samples make a colour under each photometric interpretation; YCbCr is RGB by then."""

_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_UNSPECIFIED, _PREMULTIPLIED, _ALPHA = 0, 1, 2
_INKS_OF_CMYK = 1
_WORD = 65535
"""Integers of more than 16 bit that do not go beyond are words in a wider type, as Pillow writes
them (empirical).
"""


@dataclass(frozen=True)
class Meaning:
    """What a directory says of its samples.

    `kind` is SampleFormat, `extra` ExtraSamples, None where the tag is missing, `palette` (3,
    entries), `inks` InkSet.
    """

    photometric: int
    bits: int
    kind: int = _UNSIGNED
    extra: tuple[int, ...] | None = None
    palette: NDArray[np.uint16] | None = None
    inks: int = _INKS_OF_CMYK


def colours_of(stored: NDArray[Any], meaning: Meaning) -> Raster:
    """Return what (H, W, C), as it is stored, shows: gray counted from black, RGB or CMYK.

    uint8 for up to 8 bit, else uint16. Raises ValueError for numbers of unknown range and for
    colours that are not known, DamagedError for numbers that their header contradicts.
    """
    count = _count(meaning, stored.shape[2])
    colours, alpha = stored[:, :, :count], _alpha(stored, count, meaning)
    if meaning.photometric in LAB:
        raster = Raster(_from_lab(colours, meaning))
    elif meaning.photometric == PALETTE:
        raster = Raster(_looked_up(colours[:, :, 0], meaning.palette))
    else:
        raster = _plain(colours, meaning)
    if alpha is None:
        return raster
    channel, is_premultiplied = alpha
    cover = _scaled(channel, meaning)[0]
    cover = cover.astype(np.uint16) * np.uint16(257) if _deeper(raster.samples, cover) else cover
    if is_premultiplied:
        raster = replace(raster, samples=unmultiplied(raster.samples, cover))
    if raster.samples.ndim == 3 and raster.samples.shape[2] == 4:
        return replace(raster, alpha=cover)
    laid = from_channels(np.dstack([raster.samples, cover]))
    return replace(laid, notes=raster.notes)


def _count(meaning: Meaning, samples: int) -> int:
    """Return how many samples are colours."""
    if meaning.photometric in LAB:
        return 3 if samples >= 3 else 1
    if meaning.photometric not in _COLOURS:
        raise ValueError(f"its colours are of a kind that is not read (code {meaning.photometric})")
    if meaning.photometric == SEPARATED and meaning.inks != _INKS_OF_CMYK:
        raise ValueError("its inks are not those of CMYK")
    if samples < _COLOURS[meaning.photometric]:
        raise DamagedError(f"its directory promises colours of {samples} samples")
    return _COLOURS[meaning.photometric]


def _alpha(stored: NDArray[Any], count: int, meaning: Meaning) -> tuple[NDArray[Any], bool] | None:
    """Return the channel of alpha and whether colours are multiplied by it; None where there is
    none. A fourth sample of RGB, and a second of gray, is alpha when nothing is said of it.
    """
    further = stored.shape[2] - count
    if not meaning.extra:
        named: Sequence[int] = () if meaning.extra is not None or count > 3 else (_ALPHA,)
    else:
        named = meaning.extra
    for number, kind in enumerate(named[:further]):
        if kind in (_PREMULTIPLIED, _ALPHA):
            return stored[:, :, count + number], kind == _PREMULTIPLIED
    return None


def _plain(colours: NDArray[Any], meaning: Meaning) -> Raster:
    samples, notes = _scaled(colours, meaning)
    if meaning.photometric == WHITE_IS_ZERO:
        samples = np.iinfo(samples.dtype).max - samples
    return Raster(samples[:, :, 0] if samples.shape[2] == 1 else samples, notes=notes)


def _scaled(stored: NDArray[Any], meaning: Meaning) -> tuple[Samples, tuple[str, ...]]:
    """Stretch numbers over all of uint8 or uint16."""
    if meaning.kind == _FLOAT:
        return unit_samples(stored)
    if meaning.kind == _SIGNED:
        return _unsigned(stored, meaning.bits)
    if meaning.kind != _UNSIGNED or not 1 <= meaning.bits <= 64:
        raise ValueError("its pixels are numbers of a kind that is not read")
    most = 2**meaning.bits - 1
    if meaning.bits > 16:
        return _shortened(stored, meaning.bits)
    if meaning.bits > 8:
        return scale_to_16_bit(stored.astype(np.uint16, copy=False), most), ()
    samples: Samples = stored.astype(np.uint8, copy=False)
    if samples.size and samples.max() > most:
        raise DamagedError("its numbers do not fit its header")
    return (
        (((samples.astype(np.uint16) * 255 + most // 2) // most).astype(np.uint8), ())
        if (most != 255)
        else (samples, ())
    )


def _unsigned(stored: NDArray[Any], bits: int) -> tuple[Samples, tuple[str, ...]]:
    """Take signed integers for unsigned ones where none is negative, nor beyond 16 bit."""
    low, high = int(stored.min()), int(stored.max())
    if low < 0 or high > _WORD:
        raise ValueError(
            f"its pixels are signed {bits}-bit integers from {low} to {high}: what is black and "
            "white is not known"
        )
    kind: Any = np.uint8 if bits <= 8 else np.uint16
    most = np.iinfo(kind).max
    return stored.astype(kind), (f"its signed integers are read as 0 (black) to {most} (white)",)


def _shortened(stored: NDArray[Any], bits: int) -> tuple[Samples, tuple[str, ...]]:
    """Round more bits to 16, or keep the lowest 16 where the numbers reach no further."""
    largest = int(stored.max(initial=0))
    if largest <= _WORD:
        note = f"its {bits}-bit integers reach only to {largest}: read as 0 to {_WORD}"
        return stored.astype(np.uint16), (note,)
    unit = stored.astype(np.float64) / (2**bits - 1)
    samples: Samples = np.rint(unit * _WORD).astype(np.uint16)
    return samples, ()


def unit_samples(stored: NDArray[Any]) -> tuple[Samples, tuple[str, ...]]:
    """Return floating-point numbers of [0, 1] as uint16, and a note that says their range.

    Raises ValueError, with the range, for others.
    """
    finite = stored[np.isfinite(stored)]
    if finite.size < stored.size:
        raise ValueError("its pixels are floating-point numbers, some of them not finite")
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low < 0 or high > 1:
        raise ValueError(
            f"its pixels are floating-point numbers from {low:.4g} to {high:.4g}, not from 0 to 1"
        )
    words: Samples = np.rint(stored.astype(np.float64) * 65535).astype(np.uint16)
    return words, (
        f"its floating-point numbers, {low:.4g} to {high:.4g}, are read as 0 (black) to 1 (white)",
    )


def _looked_up(indices: NDArray[Any], palette: NDArray[np.uint16] | None) -> Samples:
    """Return RGB: 8 bit where the palette holds no more, which some write into its lower byte."""
    if palette is None:
        raise DamagedError("its palette is missing")
    if indices.size and int(indices.max()) >= palette.shape[1]:
        raise DamagedError("its numbers lie outside its palette")
    table: Samples = palette.T
    if table.max(initial=0) < 256:
        table = table.astype(np.uint8)
    elif not (table % 257).any() or not (table % 256).any():
        table = (table >> 8).astype(np.uint8)
    colours: Samples = table[indices.astype(np.uint16, copy=False)]
    return colours


def _from_lab(stored: NDArray[Any], meaning: Meaning) -> Samples:
    """Return sRGB; L* alone is gray."""
    if meaning.kind == _FLOAT or meaning.bits not in (8, 16):
        raise ValueError(f"its pixels are Lab in numbers of {meaning.bits} bit, which is not read")
    kind = np.dtype(f"u{meaning.bits // 8}")
    lab: Samples = stored.astype(stored.dtype.newbyteorder("="), copy=False).view(kind)
    most, step = 2**meaning.bits - 1, 2 ** (meaning.bits - 8)
    if lab.shape[2] == 1:
        neutral = 0 if meaning.photometric == CIE_LAB else 128 * step
        lab = np.dstack([lab, np.full((*lab.shape[:2], 2), neutral, kind)])

    def cie(numbers: Any) -> Any:
        half = 128 * step
        wrapped = (numbers[:, :, 1:] + half) % (2 * half) - half
        return np.dstack([numbers[:, :, :1] * (100 / most), wrapped / step])

    def icc(numbers: Any) -> Any:
        white = 255 * step  # 0xFF00 of 16 bit, as ICC's version 2 counts
        return np.dstack([numbers[:, :, :1] * (100 / white), numbers[:, :, 1:] / step - 128])

    def itu(numbers: Any) -> Any:
        a = (numbers[:, :, 1:2] / step - 128) * (170 / 255)
        b = (numbers[:, :, 2:] / step - 96) * (200 / 255)
        return np.dstack([numbers[:, :, :1] * (100 / most), a, b])

    decode = {CIE_LAB: cie, ICC_LAB: icc, ITU_LAB: itu}[meaning.photometric]
    return lab_to_srgb(np.ascontiguousarray(lab), decode)


def _deeper(samples: Samples, cover: Samples) -> bool:
    return samples.dtype == np.uint16 and cover.dtype == np.uint8
