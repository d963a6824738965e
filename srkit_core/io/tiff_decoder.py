"""How is a TIFF file read?

tifffile decodes its first directory as it is stored, and `tiff_colours` says what that means.
Pillow reads what of 8 bit libtiff turns into colours by itself: YCbCr, JPEG and fax codes.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import ExifTags, Image

from srkit_core.io.decode_errors import (
    NOTHING_BUT_ZEROS,
    ZEROS,
    DamagedError,
    checked_size,
    ends_in_zeros,
    silence_library,
)
from srkit_core.io.exif import as_orientation, load_sub_ifds
from srkit_core.io.pillow_decoder import PILLOW, pillow_opens
from srkit_core.io.raster import Decoder, Raster, Samples, is_sideways, one_of
from srkit_core.io.tiff_colours import LAB, PALETTE, SEPARATED, YCBCR, Meaning, colours_of
from srkit_core.io.tiff_pages import count_pages

if TYPE_CHECKING:
    import tifffile

_PLANES = (1, 2)
"""Samples of a pixel stand together or in a plane each (TIFF 6.0, PlanarConfiguration)."""

_SENSORS = (32803, 34892)
"""Photometric interpretations of raw files: colour filters and linear raw (DNG 1.4)."""

_NO_COMPRESSION = 1
_FAX = (2, 3, 4, 32771)
_JPEG = (6, 7)
_PACK_BITS = 32773
_MAYBE_ZEROS = (_NO_COMPRESSION, _PACK_BITS)
"""Codes in which a run of zeros may be a picture's; in PackBits each two of them mean one."""

_DIMENSIONS = 5
"""Of what tifffile makes: planes, depth, height, width, samples."""

_MOST_SAMPLES = 8
"""A pixel of more samples is a measurement or a damaged header, and no picture (empirical)."""


def _size(path: Path) -> tuple[int, int]:
    """Return (height, width) of the upright picture from its header."""
    with _first_page(path) as page:
        height, width = _checked_size(page)
        return (width, height) if is_sideways(_orientation(page)) else (height, width)


def _decode(path: Path) -> Raster:
    """Return the first picture.

    Raises DamagedError where data are missing, ValueError for what is no picture that is known.
    """
    with _first_page(path) as page:
        _checked_size(page)
        if page.compression not in _MAYBE_ZEROS:
            _refuse_holes(page)
        if _is_pillow_s(page) and pillow_opens(path):
            return _by_pillow(path, page)
        profile = page.tags.valueof(ExifTags.Base.InterColorProfile)
        try:
            stored = _page_samples(page)
        except DamagedError:
            from_libtiff = _as_libtiff_reads_it(path, page)
            if from_libtiff is None:
                raise
            return from_libtiff
        notes = _zeros(page, stored)
        raster = colours_of(stored, _meaning(page))
        known = profile if isinstance(profile, bytes) and page.photometric not in LAB else b""
        return replace(
            raster,
            orientation=_orientation(page),
            profile=known,
            notes=(*raster.notes, *notes),
        )


def _by_pillow(path: Path, page: "tifffile.TiffPage") -> Raster:
    """Let Pillow make the picture upright, and look for a hole."""
    raster = PILLOW.decode(path)
    return replace(raster, notes=_zeros(page, raster.samples))


def _as_libtiff_reads_it(path: Path, page: "tifffile.TiffPage") -> Raster | None:
    """Return what Pillow makes of 8 bit that tifffile finds fault with, such as a last strip of
    more data than it needs; None where it finds fault too.
    """
    if _bits(page) != 8 or page.sampleformat != 1 or page.photometric not in (0, 1, 2):
        return None
    try:
        return _by_pillow(path, page) if pillow_opens(path) else None
    except ValueError:
        return None


def _exif(path: Path) -> Image.Exif:
    """Return the EXIF, which is the file's own directory."""
    found = Image.Exif()
    with path.open("rb") as file:
        found.load_from_fp(file)
        return load_sub_ifds(found)


def _notes(path: Path) -> tuple[str, ...]:
    """Say that there are further pages."""
    with _opened(path) as file:
        stacked = (file.imagej_metadata or {}).get("images", 1) if file.is_imagej else 1
    count = max(count_pages(path), int(stacked))
    return one_of(count, "pages")


TIFF = Decoder(_size, _decode, _exif, _notes)


@contextmanager
def _opened(path: Path) -> Iterator["tifffile.TiffFile"]:
    import tifffile

    silence_library("tifffile")
    with ExitStack() as opened:
        try:
            file = opened.enter_context(tifffile.TiffFile(path))
        except (MemoryError, OSError):
            raise
        except Exception as error:  # tifffile names no base class for what broken directories raise
            raise DamagedError(error) from error
        yield file


@contextmanager
def _first_page(path: Path) -> Iterator["tifffile.TiffPage"]:
    """Open the first directory of a TIFF file with tifffile.

    Raises DamagedError where there is none.
    """
    with _opened(path) as file:
        try:
            page = file.pages.first
        except (MemoryError, OSError):
            raise
        except IndexError:
            raise DamagedError("it has no directory of a picture") from None
        except Exception as error:  # tifffile names no base class for what broken directories raise
            raise DamagedError(error) from error
        yield page


def first_tags(path: Path) -> dict[int, Any]:
    """Return the tags of the first directory, and how many others lie inside under `SubIFDs`.

    Raises DamagedError where there is none.
    """
    with _first_page(path) as page:
        return {tag.code: tag.value for tag in page.tags}


def sensor_is_stored(path: Path) -> bool:
    """Say whether a raw file that is built like a TIFF file holds all that its directories promise
    of its sensor: inside the file, and not ending in a hole where it is compressed.
    """
    try:
        with _opened(path) as file:
            first = file.pages.first
            sensors = [one for one in (first, *(first.pages or ())) if _is_of_a_sensor(one)]
            return bool(sensors) and all(_is_stored(one, path.stat().st_size) for one in sensors)
    except Exception:  # tifffile names no base class for what broken directories raise
        return False


def _is_of_a_sensor(page: Any) -> bool:
    return page.photometric in _SENSORS


def _is_stored(page: Any, length: int) -> bool:
    ends = [sum(one) for one in zip(page.dataoffsets, page.databytecounts, strict=True)]
    if not ends or max(ends) > length:
        return False
    return page.compression == _NO_COMPRESSION or all(
        part[-ZEROS:].strip(b"\0") for part in _parts(page)
    )


def _is_pillow_s(page: "tifffile.TiffPage") -> bool:
    """Say whether libtiff, and not the directory, says what the numbers of a page mean."""
    coded = page.compression in (*_FAX, *_JPEG) and page.photometric not in (*LAB, PALETTE)
    return _bits(page) <= 8 and (coded or page.photometric == YCBCR)


def _page_samples(page: "tifffile.TiffPage") -> Samples:
    """Return the samples of a page, (H, W, C), as they are stored.

    Raises DamagedError where some are missing, which tifffile takes for zeros, and for unknown
    planes, which it leaves unwritten; ValueError for a compression that nothing here decodes.
    """
    _check_parts(page)
    try:
        stored = page.asarray(squeeze=False)
    except MemoryError:
        raise
    except Exception as error:  # every codec below it raises its own
        raise DamagedError(error) from error
    if stored.ndim != _DIMENSIONS:
        raise DamagedError("its directory contradicts itself")
    samples: Samples = (
        stored[0, 0] if stored.shape[0] == 1 else np.moveaxis(stored[:, 0, :, :, 0], 0, 2)
    )
    return samples


def _check_parts(page: "tifffile.TiffPage") -> None:
    import tifffile

    if page.planarconfig not in _PLANES:
        raise DamagedError(f"its directory knows no such planes as {page.planarconfig}")
    if page.compression not in tifffile.TIFF.DECOMPRESSORS:
        raise ValueError(f"it is compressed in a way that is not read (code {page.compression})")
    if page.imagedepth != 1 or page.samplesperpixel > _MOST_SAMPLES:
        raise ValueError(
            f"its pixels are {page.samplesperpixel} samples in {page.imagedepth} layers, no picture"
        )
    if (
        len(page.dataoffsets) < math.prod(page.chunked)
        or not all(page.dataoffsets)
        or not all(page.databytecounts)
    ):
        raise DamagedError("its directory names fewer parts than the picture has")
    ends = zip(page.dataoffsets, page.databytecounts, strict=False)
    if max(map(sum, ends)) > page.parent.filehandle.size:
        raise DamagedError("its data end before its picture")


def _refuse_holes(page: "tifffile.TiffPage") -> None:
    """Raise DamagedError for a compressed part that ends in zeros, or is nothing else."""
    if not all(part[-ZEROS:].strip(b"\0") for part in _parts(page)):
        raise DamagedError("its compressed data are zeros")


def _parts(page: "tifffile.TiffPage") -> Iterator[bytes]:
    file = page.parent.filehandle
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        if not isinstance(offset, int) or not isinstance(count, int):
            raise DamagedError("its directory names places that are no numbers")
        if 0 < offset < file.size and count > 0:
            file.seek(offset)
            yield file.read(min(count, file.size - offset))


def _zeros(page: "tifffile.TiffPage", stored: Samples) -> tuple[str, ...]:
    """Return the note on numbers that may be a hole."""
    if page.compression not in _MAYBE_ZEROS:
        return ()
    if not stored.any():
        return (NOTHING_BUT_ZEROS,)
    parts = list(_parts(page))
    return ends_in_zeros(parts[-1]) if parts else ()


def _checked_size(page: "tifffile.TiffPage") -> tuple[int, int]:
    """Return (height, width) as stored, where neither picture nor tile is too large."""
    sides = (page.imagelength, page.imagewidth, page.tilelength or 1, page.tilewidth or 1)
    if not all(isinstance(side, int) for side in sides):
        raise DamagedError("its header holds several numbers for one side")
    checked_size(*sides[2:])
    return checked_size(*sides[:2])


def _meaning(page: "tifffile.TiffPage") -> Meaning:
    tags = ExifTags.Base
    inks = page.tags.valueof(tags.InkSet)
    named = page.tags.valueof(tags.ExtraSamples)
    if page.photometric == YCBCR and page.compression not in _JPEG:
        raise ValueError("its colours are YCbCr in a way that is not read")
    return Meaning(
        int(page.photometric),
        _bits(page),
        int(page.sampleformat) if isinstance(page.sampleformat, int) else 0,
        None if named is None else tuple(int(kind) for kind in page.extrasamples),
        page.colormap,
        inks if page.photometric == SEPARATED and isinstance(inks, int) else 1,
    )


def _bits(page: "tifffile.TiffPage") -> int:
    """Return the bits of a sample, 0 where samples differ."""
    return page.bitspersample if isinstance(page.bitspersample, int) else 0


def _orientation(page: "tifffile.TiffPage") -> int:
    return as_orientation(page.tags.valueof(ExifTags.Base.Orientation))
