"""What does a file's EXIF say that still applies?"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

SUB_IFDS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
"""The directories inside: what the camera says about the exposure, and where it was."""

_DESCRIPTION = frozenset(
    {
        ExifTags.Base.ImageDescription,
        ExifTags.Base.Make,
        ExifTags.Base.Model,
        ExifTags.Base.Software,
        ExifTags.Base.DateTime,
        ExifTags.Base.Artist,
        ExifTags.Base.HostComputer,
        ExifTags.Base.Rating,
        ExifTags.Base.Copyright,
    }
)
"""What a first directory says about a picture; the rest of it says how its pixels were stored."""

_INCHES = 2
_NO_LONGER = frozenset(
    {
        ExifTags.Base.MakerNote,  # its offsets point into the old file
        ExifTags.Base.ColorSpace,
        ExifTags.Base.Gamma,
        ExifTags.Base.ExifImageWidth,
        ExifTags.Base.ExifImageHeight,
        ExifTags.Base.ExifInteroperabilityOffset,
        ExifTags.Base.ComponentsConfiguration,
        ExifTags.Base.CompressedBitsPerPixel,
    }
)
"""What a camera's directory says about pixels that are others now."""


def found_exif(read: Callable[[Path], Image.Exif], path: Path) -> Image.Exif:
    """Return the EXIF of a file by what reads it; broken EXIF is no EXIF."""
    try:
        return read(path)
    except Exception:  # the decoders share no base class for what they raise
        return Image.Exif()


def applicable_exif(found: Image.Exif) -> bytes:
    """Return what describes a picture, as EXIF bytes: camera, exposure, date, author and place.

    Empty where there is nothing. Orientation, sizes, colour space, thumbnail and maker's notes are
    left out: they do not apply to a larger copy. Broken EXIF is no EXIF.
    """
    try:
        return _kept(found)
    except Exception:  # Pillow names no base class for what broken EXIF raises
        return b""


def name_software(exif: bytes, software: str) -> bytes:
    """Return valid EXIF bytes that say what made the pixels: as `Software` (0x0131), or where the
    camera's stands there, as `ProcessingSoftware` (0x000B).
    """
    named = Image.Exif()
    named.load(exif)
    taken = ExifTags.Base.Software in named
    named[ExifTags.Base.ProcessingSoftware if taken else ExifTags.Base.Software] = software
    return text_as_stored(named).tobytes()


def name_density(exif: bytes, density: tuple[float, float]) -> bytes:
    """Return valid EXIF bytes that say dots per inch, across and down, for a format that has no
    place of its own for them (EXIF 2.32, 4.6.4 A).
    """
    named, tags = Image.Exif(), ExifTags.Base
    named.load(exif)
    named.update({tags.XResolution: density[0], tags.YResolution: density[1]})
    named[tags.ResolutionUnit] = _INCHES
    return text_as_stored(named).tobytes()


def _kept(found: Image.Exif) -> bytes:
    kept = Image.Exif()
    kept.update({tag: value for tag, value in found.items() if tag in _DESCRIPTION})
    for directory in SUB_IFDS:
        inside = {
            tag: value for tag, value in found.get_ifd(directory).items() if tag not in _NO_LONGER
        }
        kept.update({directory: inside} if inside else {})
    return text_as_stored(kept).tobytes() if kept else b""


class _StoredText(str):
    """Text of EXIF, which Pillow reads as Latin-1, whatever its bytes mean, and writes as ASCII,
    with question marks for the rest. This one goes back into the bytes that it was.
    """

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        del encoding, errors
        return super().encode("latin-1", "replace")


def text_as_stored(found: Image.Exif) -> Image.Exif:
    """Return EXIF whose text is written byte for byte as it was read."""
    for directory in SUB_IFDS:
        # asked for one that is not there, Pillow writes an empty one
        if directory in found and not isinstance(found[directory], dict):
            inside = found.get_ifd(directory)
            inside.update({tag: _stored(value) for tag, value in inside.items()})
    found.update({tag: _stored(value) for tag, value in found.items()})
    return found


def _stored(value: Any) -> Any:
    if isinstance(value, dict):
        return {tag: _stored(inner) for tag, inner in value.items()}
    return _StoredText(value) if isinstance(value, str) else value


def exif_before_pixels(image: Image.Image) -> Image.Exif:
    """Return the EXIF that stands before the pixels: PNG's own `getexif` would decode all of them
    to look behind.
    """
    return image.getexif() if image.format == "TIFF" else Image.Image.getexif(image)


def exif_orientation(image: Image.Image) -> int:
    """Return how the pixels are stored, 1 to 8; 1 is upright, and what broken EXIF means."""
    try:
        return as_orientation(exif_before_pixels(image).get(ExifTags.Base.Orientation))
    except Exception:  # Pillow names no base class for what broken EXIF raises
        return 1


def as_orientation(stated: object) -> int:
    """Return an orientation tag's value where it is one, else 1."""
    return int(stated) if isinstance(stated, int) and stated in range(1, 9) else 1


def valid_exif(content: bytes) -> bytes:
    """Return EXIF bytes that can be read and written as they are, broken ones as none."""
    found = Image.Exif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found.load(content)
            return content if found and load_sub_ifds(found).tobytes() else b""
        except Exception:  # Pillow names no base class for what broken EXIF raises
            return b""


def load_sub_ifds(found: Image.Exif) -> Image.Exif:
    """Read the inner directories, which Pillow leaves in the file until somebody asks."""
    for directory in SUB_IFDS:
        found.get_ifd(directory)
    return found
