"""Which EXIF of a picture still applies to a larger copy of it?"""

from pathlib import Path

from PIL import ExifTags, Image

from srkit_core.io.exif import INNER
from srkit_core.io.formats import decoder_of

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


def applicable_exif(path: Path) -> bytes:
    """Return what describes the picture, as EXIF bytes: camera, exposure, date, author and place.

    Empty where there is nothing.

    Orientation, sizes, colour space, thumbnail and maker's notes are left out. Broken EXIF is no
    EXIF.
    """
    try:
        return _kept(decoder_of(path).exif(path))
    except Exception:  # the decoders share no base class for what they raise
        return b""


def _kept(found: Image.Exif) -> bytes:
    kept = Image.Exif()
    kept.update({tag: value for tag, value in found.items() if tag in _DESCRIPTION})
    for directory in INNER:
        inside = {
            tag: value for tag, value in found.get_ifd(directory).items() if tag not in _NO_LONGER
        }
        kept.update({directory: inside} if inside else {})
    return kept.tobytes() if kept else b""
