"""How is a TIFF file read?

Up to 8 bit Pillow reads it. Of more it reads 16-bit colours as 8 bit, 12-bit gray as if it were 16
and some 16-bit gray turned round; many other depths it does not know. tifffile decodes them all as
they are stored; what they mean stands in the directory (TIFF 6.0, section 8).
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image

from srkit_core.io.decode_errors import DamagedError, checked_size, silence_library
from srkit_core.io.exif import as_orientation, load_sub_ifds
from srkit_core.io.pillow_decoder import PILLOW
from srkit_core.io.raster import (
    Decoder,
    Raster,
    Samples,
    from_channels,
    is_sideways,
    scale_to_16_bit,
)

if TYPE_CHECKING:
    import tifffile

_WHITE_IS_ZERO, _SEPARATED = 0, 5
_COLOURS = {_WHITE_IS_ZERO: 1, 1: 1, 2: 3, _SEPARATED: 4}
"""How many samples make a colour under each photometric interpretation that is read here: gray, RGB
and inks.
"""

_PLANES = (1, 2)
"""Samples of a pixel stand together or in a plane each (TIFF 6.0, PlanarConfiguration)."""

_UNSIGNED, _FLOAT = 1, 3
_UNSPECIFIED, _PREMULTIPLIED = 0, 1
_MOST_SAMPLES = 8
"""A pixel of more samples is a measurement or a damaged header, and no picture (empirical)."""


def needs_tifffile(path: Path) -> bool:
    """Say whether the first picture holds unsigned numbers of 9 to 16 bit, or floating-point ones,
    which are refused by name.
    """
    try:
        with _first_page(path) as page:
            deep = page.sampleformat == _FLOAT or (
                page.sampleformat == _UNSIGNED and _bits(page) in range(9, 17)
            )
            flat = page.imagedepth == 1 and page.samplesperpixel <= _MOST_SAMPLES
            return deep and flat and page.photometric in _COLOURS
    except DamagedError:
        return False


def _size(path: Path) -> tuple[int, int]:
    """Return (height, width) of the upright picture from its header."""
    with _first_page(path) as page:
        height, width = _checked_size(page)
        return (width, height) if is_sideways(_orientation(page)) else (height, width)


def _decode(path: Path) -> Raster:
    """Return the first picture as 16 bit.

    Raises DamagedError where data are missing, ValueError for floating-point numbers.
    """
    with _first_page(path) as page:
        _checked_size(page)
        if page.sampleformat == _FLOAT:
            raise ValueError("its pixels are floating-point numbers of unknown range")
        samples, profile = _samples(page), page.tags.valueof(ExifTags.Base.InterColorProfile)
        known = profile if isinstance(profile, bytes) else b""
        if page.photometric == _SEPARATED:
            return Raster(samples[:, :, :4], None, _orientation(page), known)
        return from_channels(samples, _orientation(page), known)


def _exif(path: Path) -> Image.Exif:
    """Return the EXIF, which is the file's own directory."""
    found = Image.Exif()
    with path.open("rb") as file:
        found.load_from_fp(file)
        return load_sub_ifds(found)


@contextmanager
def _first_page(path: Path) -> Iterator["tifffile.TiffPage"]:
    """Open the first directory of a TIFF file with tifffile.

    Raises DamagedError where there is none.
    """
    import tifffile

    silence_library("tifffile")
    with ExitStack() as opened:
        try:
            page = opened.enter_context(tifffile.TiffFile(path)).pages.first
        except (MemoryError, OSError):
            raise
        except Exception as error:  # tifffile names no base class for what broken directories raise
            raise DamagedError(error) from error
        yield page


def _page_samples(page: "tifffile.TiffPage") -> Samples:
    """Return the samples of a page as they are stored.

    Raises DamagedError where some are missing, which tifffile takes for zeros, and for unknown
    planes, which it leaves unwritten.
    """
    try:
        if page.planarconfig not in _PLANES:
            raise DamagedError(f"its directory knows no such planes as {page.planarconfig}")
        if (
            len(page.dataoffsets) < math.prod(page.chunked)
            or not all(page.dataoffsets)
            or not all(page.databytecounts)
        ):
            raise DamagedError("its directory names fewer parts than the picture has")
        samples: Samples = page.asarray()
    except (MemoryError, DamagedError):
        raise
    except Exception as error:  # every codec below it raises its own
        raise DamagedError(error) from error
    return samples


def _checked_size(page: "tifffile.TiffPage") -> tuple[int, int]:
    """Return (height, width) as stored, where neither picture nor tile is too large."""
    sides = (page.imagelength, page.imagewidth, page.tilelength or 1, page.tilewidth or 1)
    if not all(isinstance(side, int) for side in sides):
        raise DamagedError("its header holds several numbers for one side")
    checked_size(*sides[2:])
    return checked_size(*sides[:2])


def _samples(page: "tifffile.TiffPage") -> Samples:
    """Return uint16 (H, W, C): colours, gray counted from black, and alpha where there is one."""
    stored, most, colours = _page_samples(page), 2 ** _bits(page) - 1, _COLOURS[page.photometric]
    if not stored.any():
        raise DamagedError("behind its header are nothing but zeros")
    interleaved = (
        np.moveaxis(stored, page.axes.index("S"), 2) if "S" in page.axes else stored[:, :, None]
    )
    extra = [int(kind) for kind in page.extrasamples]
    has_alpha = interleaved.shape[2] > colours and extra[:1] != [_UNSPECIFIED]
    samples = scale_to_16_bit(interleaved[:, :, : colours + has_alpha], most)
    if page.photometric == _WHITE_IS_ZERO:
        samples = np.concatenate([65535 - samples[:, :, :1], samples[:, :, 1:]], axis=2)
    return _unmultiplied(samples) if has_alpha and extra[:1] == [_PREMULTIPLIED] else samples


def _unmultiplied(samples: Samples) -> Samples:
    """Divide colours by the alpha that stands behind them, rounded to the nearest.

    What is clear becomes black.
    """
    cover = samples[:, :, -1:].astype(np.uint64)
    colours = (samples[:, :, :-1] * np.uint64(65535) + cover // 2) // np.maximum(cover, 1)
    return np.concatenate([np.minimum(colours, 65535) * (cover > 0), cover], axis=2).astype(
        np.uint16
    )


def _bits(page: "tifffile.TiffPage") -> int:
    """Return the bits of a sample, 0 where samples differ."""
    return page.bitspersample if isinstance(page.bitspersample, int) else 0


def _orientation(page: "tifffile.TiffPage") -> int:
    return as_orientation(page.tags.valueof(ExifTags.Base.Orientation))


_TIFFFILE = Decoder(_size, _decode, _exif)


def _chosen(path: Path) -> Decoder:
    return _TIFFFILE if needs_tifffile(path) else PILLOW


TIFF = Decoder(
    size=lambda path: _chosen(path).size(path),
    decode=lambda path: _chosen(path).decode(path),
    exif=lambda path: _chosen(path).exif(path),
)
"""What Pillow misreads by tifffile, every other TIFF file by Pillow."""
