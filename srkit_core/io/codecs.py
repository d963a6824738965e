"""How are imagecodecs and tifffile asked for pixels?"""

import logging
from io import BytesIO

from srkit_core.io.failure import DamagedError
from srkit_core.io.raster import Samples


def decoded(codec: str, data: bytes) -> Samples:
    """Return what imagecodecs' `codec` makes of a file; raises DamagedError where data are missing or a checksum is wrong."""
    import imagecodecs

    _hush("imagecodecs")
    try:
        samples: Samples = getattr(imagecodecs, f"{codec}_decode")(data)
    except (RuntimeError, ValueError) as error:
        raise DamagedError(error) from error
    return samples


def first_page(data: bytes) -> Samples:
    """Return the first page of a TIFF file as tifffile decodes it, which checks what libtiff lets pass; raises DamagedError."""
    import tifffile

    _hush("tifffile")
    try:
        samples: Samples = tifffile.imread(BytesIO(data), key=0)
    except MemoryError:
        raise
    except Exception as error:  # every codec below it raises its own
        raise DamagedError(error) from error
    return samples


def _hush(library: str) -> None:
    """Keep a library's remarks, such as on odd profiles, off the terminal: what matters is raised."""
    logger = logging.getLogger(library)
    if logger.level != logging.CRITICAL:
        logger.setLevel(logging.CRITICAL)
