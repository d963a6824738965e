"""How is every way in which a file cannot be read named?"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from srkit_core.errors import DataError

MOST_PIXELS = 2**28
"""Pictures of more pixels (268 million) are refused by their header, before anything is decoded
(empirical).
"""

ZEROS = 256
"""So many zeros at the end of a compressed file are none of a picture's data (empirical)."""

# Pillow warns at its limit and refuses at twice that, whoever calls it; its limit is ours, so that
# it never speaks first.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class NotAPictureError(ValueError):
    """No decoder knows this file."""

    def __init__(self) -> None:
        super().__init__("it is not a picture")


class TooLargeError(ValueError):
    """A header promises more pixels than are decoded."""

    def __init__(self) -> None:
        super().__init__(
            f"its header promises more pixels than the limit of {MOST_PIXELS / 1e6:.0f} million"
        )


class DamagedError(ValueError):
    """A decoder gave up, or what it gave cannot be the whole picture."""

    def __init__(self, fact: object) -> None:
        super().__init__(f"it is truncated or damaged ({_first_line(fact)})")


def checked_size(height: int, width: int) -> tuple[int, int]:
    """Return the size that a header promises.

    Raises TooLargeError beyond MOST_PIXELS, ValueError where nothing is promised.
    """
    if height < 1 or width < 1:
        raise ValueError(f"its header promises {width} x {height} pixels")
    if height * width > MOST_PIXELS:
        raise TooLargeError
    return height, width


def refuse_zeros(tail: bytes) -> None:
    """Raise DamagedError for the end of a compressed file that is nothing but zeros, as a copy that
    broke off leaves it.
    """
    if len(tail) >= ZEROS and not tail[-ZEROS:].strip(b"\0"):
        raise DamagedError("it ends in zeros")


@contextmanager
def as_data_error(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises for a file into a DataError that names file and reason.

    MemoryError passes.

    What decoders warn of, such as broken EXIF, changes no pixel.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except FileNotFoundError:
        raise DataError(f"there is no file {path}", hint="check the path", path=path) from None
    except (DataError, MemoryError):
        raise
    except Exception as error:  # the decoders share no base class for what they raise
        raise DataError(
            f"cannot read {path}: {_reason(error)}",
            hint="leave the file out, or save it again as PNG",
            path=path,
        ) from error


def silence_library(library: str) -> None:
    """Keep a library's remarks, as on odd profiles, off the terminal: what matters is raised."""
    logger = logging.getLogger(library)
    if logger.level != logging.CRITICAL:
        logger.setLevel(logging.CRITICAL)


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return str(NotAPictureError())
    if isinstance(error, Image.DecompressionBombError):
        return str(TooLargeError())
    return getattr(error, "strerror", None) or _first_line(error) or type(error).__name__


def _first_line(fact: object) -> str:
    return str(fact).strip().partition("\n")[0].rstrip(".")
