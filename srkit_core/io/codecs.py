"""How are imagecodecs and tifffile asked for pixels?"""

import logging
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from srkit_core.io.failure import DamagedError
from srkit_core.io.raster import Samples

if TYPE_CHECKING:
    import tifffile


def decoded(codec: str, data: bytes) -> Samples:
    """Return what imagecodecs' `codec` makes of a file.

    Raises DamagedError where data are missing or a checksum is wrong.
    """
    import imagecodecs

    _hush("imagecodecs")
    try:
        samples: Samples = getattr(imagecodecs, f"{codec}_decode")(data)
    except (RuntimeError, ValueError) as error:
        raise DamagedError(error) from error
    return samples


@contextmanager
def first_page(path: Path) -> Iterator["tifffile.TiffPage"]:
    """Open the first directory of a TIFF file with tifffile.

    Raises DamagedError where there is none.
    """
    import tifffile

    _hush("tifffile")
    with ExitStack() as opened:
        try:
            page = opened.enter_context(tifffile.TiffFile(path)).pages.first
        except (MemoryError, OSError):
            raise
        except Exception as error:  # tifffile names no base class for what broken directories raise
            raise DamagedError(error) from error
        yield page


def page_samples(page: "tifffile.TiffPage") -> Samples:
    """Return the samples of a page as they are stored.

    Raises DamagedError where some are missing, which tifffile takes for zeros.
    """
    try:
        if (
            len(page.dataoffsets) < math.prod(page.chunked)
            or not all(page.dataoffsets)
            or not all(page.databytecounts)
        ):
            raise DamagedError("its directory names fewer parts than the picture has")
        samples: Samples = page.asarray()
    except (MemoryError, DamagedError):
        raise
    except Exception as error:  # every codec below it raises its own
        raise DamagedError(error) from error
    return samples


def _hush(library: str) -> None:
    """Keep a library's remarks, as on odd profiles, off the terminal: what matters is raised."""
    logger = logging.getLogger(library)
    if logger.level != logging.CRITICAL:
        logger.setLevel(logging.CRITICAL)
