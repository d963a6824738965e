"""How is EXIF read out of an open file?"""

import warnings

from PIL import ExifTags, Image

INNER = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
"""The directories inside: what the camera says about the exposure, and where it was."""


def standing_before(image: Image.Image) -> Image.Exif:
    """Return the EXIF that stands before the pixels: PNG's own `getexif` would decode all of them
    to look behind.
    """
    return image.getexif() if image.format == "TIFF" else Image.Image.getexif(image)


def orientation(image: Image.Image) -> int:
    """Return how the pixels are stored, 1 to 8; 1 is upright, and what broken EXIF means."""
    try:
        return as_orientation(standing_before(image).get(ExifTags.Base.Orientation))
    except Exception:  # Pillow names no base class for what broken EXIF raises
        return 1


def as_orientation(stated: object) -> int:
    """Return an orientation tag's value where it is one, else 1."""
    return int(stated) if isinstance(stated, int) and stated in range(1, 9) else 1


def sound(content: bytes) -> bytes:
    """Return EXIF bytes that can be read and written as they are, broken ones as none."""
    found = Image.Exif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found.load(content)
            return content if found and load_inner(found).tobytes() else b""
        except Exception:  # Pillow names no base class for what broken EXIF raises
            return b""


def load_inner(found: Image.Exif) -> Image.Exif:
    """Read the inner directories, which Pillow leaves in the file until somebody asks."""
    for directory in INNER:
        found.get_ifd(directory)
    return found
