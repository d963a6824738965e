"""How are files read that no other decoder knows?

By what imageio finds on this machine, such as BSDF.
"""

from pathlib import Path
from typing import Any

from PIL import Image

from srkit_core.io.failure import NotAPictureError, checked_size
from srkit_core.io.raster import Raster, from_channels


def size(path: Path) -> tuple[int, int]:
    """Return (height, width), from the header where imageio's plugin can."""
    import imageio.v3

    return _checked(_asked(imageio.v3.improps, path))


def decode(path: Path) -> Raster:
    """Return a picture of 8 or 16 bit; raises NotAPictureError for everything else."""
    import imageio.v3

    size(path)
    return from_channels(_asked(imageio.v3.imread, path))


def exif(path: Path) -> Image.Exif:
    """Return nothing: imageio tells no EXIF."""
    del path
    return Image.Exif()


def _asked(question: Any, path: Path) -> Any:
    try:
        return question(path)
    except MemoryError:
        raise
    except Exception as error:  # every plugin of imageio raises its own
        raise NotAPictureError from error


def _checked(found: Any) -> tuple[int, int]:
    shape = tuple(found.shape)
    if (
        str(found.dtype) not in ("uint8", "uint16")
        or len(shape) not in (2, 3)
        or shape[2:] not in ((), (1,), (2,), (3,), (4,))
    ):
        raise NotAPictureError
    return checked_size(shape[0], shape[1])
