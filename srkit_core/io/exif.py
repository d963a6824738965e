"""What does a file's EXIF say that still applies?"""

import warnings
from collections.abc import Callable
from pathlib import Path

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


def applicable_exif(read: Callable[[Path], Image.Exif], path: Path) -> bytes:
    """Return what describes the picture that `read` tells the EXIF of, as EXIF bytes: camera,
    exposure, date, author and place.

    Empty where there is nothing. Orientation, sizes, colour space, thumbnail and maker's notes are
    left out: they do not apply to a larger copy. Broken EXIF is no EXIF.
    """
    try:
        return _kept(read(path))
    except Exception:  # the decoders share no base class for what they raise
        return b""


def _kept(found: Image.Exif) -> bytes:
    kept = Image.Exif()
    kept.update({tag: value for tag, value in found.items() if tag in _DESCRIPTION})
    for directory in SUB_IFDS:
        inside = {
            tag: value for tag, value in found.get_ifd(directory).items() if tag not in _NO_LONGER
        }
        kept.update({directory: inside} if inside else {})
    return kept.tobytes() if kept else b""


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
