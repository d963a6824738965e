"""How is a camera's raw file developed?

LibRaw makes the picture: the camera's white balance, its own demosaicing, the sRGB primaries and
curve (IEC 61966-2-1), its flip, full size, 16 bit. Brightness is as exposed: stretching it by the
content (LibRaw's default) would make equal light differ between files.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from srkit_core.io.exif import load_inner
from srkit_core.io.failure import DamagedError, checked_size
from srkit_core.io.raster import Raster

if TYPE_CHECKING:
    import rawpy

_SRGB_CURVE = (2.4, 12.92)
_QUARTER_TURNS = (5, 6)


def size(path: Path) -> tuple[int, int]:
    """Return (height, width) of the upright picture from its header."""
    with _opened(path) as raw:
        sizes = raw.sizes
        return (
            (sizes.iwidth, sizes.iheight)
            if sizes.flip in _QUARTER_TURNS
            else (sizes.iheight, sizes.iwidth)
        )


def decode(path: Path) -> Raster:
    """Develop a raw file into uint16 (H, W, 3), upright and sRGB.

    Raises DamagedError when its data end before its picture.
    """
    with _opened(path) as raw:
        _refuse_filled(raw)
        return Raster(
            raw.postprocess(
                use_camera_wb=True, no_auto_bright=True, gamma=_SRGB_CURVE, output_bps=16
            )
        )


def exif(path: Path) -> Image.Exif:
    """Return the EXIF of a raw file that is built like a TIFF file; that of others is empty."""
    found = Image.Exif()
    with path.open("rb") as file:
        if file.read(4) in (b"II*\0", b"MM\0*"):
            file.seek(0)
            found.load_from_fp(file)
            load_inner(found)
    return found


@contextmanager
def _opened(path: Path) -> Iterator["rawpy.RawPy"]:
    import rawpy

    try:
        with rawpy.imread(os.fspath(path)) as raw:
            checked_size(raw.sizes.iheight, raw.sizes.iwidth)
            yield raw
    except rawpy.LibRawFileUnsupportedError:
        raise ValueError(
            "it is truncated or damaged, or from a camera that LibRaw does not know"
        ) from None
    except rawpy.LibRawError as error:
        raise DamagedError(
            error.args[0].decode() if isinstance(error.args[0], bytes) else error
        ) from error


def _refuse_filled(raw: "rawpy.RawPy") -> None:
    """Look at the last two rows of the sensor.

    LibRaw fills what is missing in a file with zeros or with the last row that was there; no sensor
    sees two equal rows unless light has saturated them.
    """
    sensor: Any = raw.raw_image_visible
    if (sensor[-1] == sensor[-2]).all() and sensor[-1].min() < raw.white_level:
        raise DamagedError("the data of its sensor end before its picture")
