"""How is EXIF read out of an open file?"""

from PIL import ExifTags, Image

ORIENTATION = ExifTags.Base.Orientation
INNER = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
"""The directories inside: what the camera says about the exposure, and where it was."""


def load_inner(found: Image.Exif) -> None:
    """Read the inner directories, which Pillow leaves in the file until somebody asks."""
    for directory in INNER:
        found.get_ifd(directory)
