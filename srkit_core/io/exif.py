"""How is EXIF read out of an open file?"""

from PIL import ExifTags, Image

INNER = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
"""The directories inside: what the camera says about the exposure, and where it was."""


def standing_before(image: Image.Image) -> Image.Exif:
    """Return the EXIF that stands before the pixels: PNG's own `getexif` would decode all of them to look behind."""
    return image.getexif() if image.format == "TIFF" else Image.Image.getexif(image)


def orientation(image: Image.Image) -> int:
    """Return how the pixels are stored, 1 to 8; 1 is upright."""
    return int(standing_before(image).get(ExifTags.Base.Orientation, 1))


def load_inner(found: Image.Exif) -> Image.Exif:
    """Read the inner directories, which Pillow leaves in the file until somebody asks."""
    for directory in INNER:
        found.get_ifd(directory)
    return found
