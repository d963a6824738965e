"""How many dots per inch does a picture file say that it has?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from PIL import ExifTags, Image

from srkit_core.io.exif import as_orientation
from srkit_core.io.pillow_decoder import opened
from srkit_core.io.raster import is_sideways

Density: TypeAlias = tuple[float, float]
"""Dots per inch, horizontally and vertically."""

_CENTIMETRES: Final = 2.54
_JFIF_UNITS: Final = {1: 1.0, 2: _CENTIMETRES}
_EXIF_UNITS: Final = {2: 1.0, 3: _CENTIMETRES}
"""How many of each unit make an inch (ITU-T T.871, 10.1; EXIF 2.32, 4.6.4 A)."""
_METRES: Final = ("PNG", "BMP")
"""Formats whose density Pillow tells in inches where its unit is known."""
_MOST: Final = 65_535


def density_of(path: Path, exif: Image.Exif) -> Density | None:
    """Return what the header of a file says, else its EXIF, as of the upright picture.

    None where neither says it in inches, centimetres or metres, or says what cannot be.
    """
    try:
        stated = _of_header(path) or _of_exif(exif)
        sideways = is_sideways(as_orientation(exif.get(ExifTags.Base.Orientation)))
    except Exception:  # Pillow names no base class for what broken headers raise
        return None
    if stated is None or not all(1 <= one <= _MOST for one in stated):
        return None
    return stated[::-1] if sideways else stated


def _of_header(path: Path) -> Density | None:
    with path.open("rb") as file:
        try:
            with opened(file) as image:
                return _of_info(image.info, image.format or "")
        except ValueError:  # a format that Pillow does not know
            return None


def _of_info(info: Mapping[Any, Any], name: str) -> Density | None:
    if name in _METRES and "dpi" in info:
        across, down = info["dpi"]
        return float(across), float(down)
    unit = _JFIF_UNITS.get(info.get("jfif_unit", 0))
    if unit is None:
        return None
    across, down = info["jfif_density"]
    return across * unit, down * unit


def _of_exif(exif: Image.Exif) -> Density | None:
    tags = ExifTags.Base
    unit = _EXIF_UNITS.get(exif.get(tags.ResolutionUnit, 2))
    if unit is None or not {tags.XResolution, tags.YResolution} <= {*exif}:
        return None
    return float(exif[tags.XResolution]) * unit, float(exif[tags.YResolution]) * unit
