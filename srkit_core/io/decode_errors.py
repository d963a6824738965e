"""How is every way in which a file cannot be read named?"""

import logging
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from srkit_core.errors import DataError, SrkitError
from srkit_core.io.pixel_limit import most_pixels

ZEROS = 256
"""So many zeros at the end of a compressed file are none of a picture's data (empirical)."""


_FAULTS = (LookupError, TypeError, AttributeError, struct.error, UnicodeError, AssertionError)
"""What a decoder's own code raises where it did not think of such a file."""

_UNKNOWN = "it is not a picture of a known format"
_NOT_READ = {
    b"v/1\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"#?RGBE": "Radiance HDR",
    b"%!PS": "PostScript",
    b"\xc5\xd0\xd3\xc6": "PostScript",
    b"%PDF": "PDF",
    b"8BPS": "Photoshop",
    b"II\xbc": "JPEG XR",
    b"gimp xcf": "GIMP",
    b"SIMPLE  =": "FITS",
    b"<svg": "SVG",
}
"""Formats that are known by their first bytes and that nothing here reads, or not always."""


class NotAPictureError(ValueError):
    """No decoder reads this file, which begins with `head`."""

    def __init__(self, head: bytes = b"") -> None:
        named = next((name for start, name in _NOT_READ.items() if head.startswith(start)), "")
        fact = f"it is of a format that is not read ({named})" if named else _UNKNOWN
        super().__init__(fact)


class TooLargeError(ValueError):
    """A header promises more pixels than are decoded; `hint` says how it is read all the same."""

    def __init__(self, pixels: int) -> None:
        limit = most_pixels()
        shown = f"{limit / 1e6:.0f} million" if limit >= 1e6 else str(limit)
        super().__init__(f"its header promises more pixels than the limit of {shown}")
        self.hint = f"srkit --max-pixels {pixels} COMMAND reads it, where memory suffices"


class DamagedError(ValueError):
    """A decoder gave up, or what it gave cannot be the whole picture."""

    def __init__(self, fact: object) -> None:
        super().__init__(f"it is truncated or damaged ({_in_words(fact)})")


NOTHING_BUT_ZEROS = (
    "all its numbers are zero: it is one flat colour, or a copy that broke off behind its header"
)
"""What is said of a picture without a checksum that cannot be told from a hole."""

_BLOCK = 4096
"""Bytes that a file system reserves at a time, and of which a copy that broke off leaves zeros."""

_ZEROS_AT_THE_END = "its data end in zeros: black at its edge, or a copy that broke off"


def checked_size(height: int, width: int) -> tuple[int, int]:
    """Return the size that a header promises.

    Raises TooLargeError beyond the limit, ValueError where nothing is promised.
    """
    if height < 1 or width < 1:
        raise ValueError(f"its header promises {width} x {height} pixels")
    if height * width > most_pixels():
        raise TooLargeError(height * width)
    return height, width


def refuse_zeros(tail: bytes) -> None:
    """Raise DamagedError for the end of a compressed file that is nothing but zeros, as a copy that
    broke off leaves it.
    """
    if len(tail) >= ZEROS and not tail[-ZEROS:].strip(b"\0"):
        raise DamagedError("it ends in zeros")


def ends_in_zeros(data: bytes) -> tuple[str, ...]:
    """Return the note on uncompressed data that end in a block of zeros, which black at the edge of
    a picture does, and a copy that broke off.
    """
    return (_ZEROS_AT_THE_END,) if len(data) > _BLOCK and not data[-_BLOCK:].strip(b"\0") else ()


@contextmanager
def as_data_error(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises for a file into a DataError that names file and reason.

    MemoryError passes, and what srkit raised on purpose.

    What decoders warn of, such as broken EXIF, changes no pixel.
    """
    # Pillow warns at its limit and refuses at twice that, whoever calls it; its limit is ours, so
    # that it never speaks first.
    Image.MAX_IMAGE_PIXELS = most_pixels()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except FileNotFoundError:
        raise DataError(f"there is no file {path}", hint="check the path", path=path) from None
    except (SrkitError, MemoryError):
        raise
    except Exception as error:  # the decoders share no base class for what they raise
        known = _too_large(error) if isinstance(error, Image.DecompressionBombError) else error
        raise DataError(
            f"cannot read {path}: {_reason(known)}",
            hint=getattr(known, "hint", "leave the file out, or save it again as PNG"),
            path=path,
        ) from known


def silence_library(library: str) -> None:
    """Keep a library's remarks, as on odd profiles, off the terminal: what matters is raised."""
    logger = logging.getLogger(library)
    if logger.level != logging.CRITICAL:
        logger.setLevel(logging.CRITICAL)


def _too_large(error: Image.DecompressionBombError) -> TooLargeError:
    """Say in our words what Pillow says of a picture of more than twice the limit."""
    counted = re.search(r"\((\d+) pixels", str(error))
    return TooLargeError(int(counted[1]) if counted else 2 * most_pixels())


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return str(NotAPictureError())
    if isinstance(error, _FAULTS):
        return f"its decoder fails at it ({type(error).__name__}: {_first_line(error)})"
    return getattr(error, "strerror", None) or _first_line(error) or type(error).__name__


def _in_words(fact: object) -> str:
    """Return what a decoder said, or what it means by a word of its own code."""
    if isinstance(fact, _FAULTS):
        return "its content contradicts itself"
    if "tile cannot extend outside image" in str(fact).lower():
        return "its parts reach beyond the size that its header gives"
    return _first_line(fact) or type(fact).__name__


def _first_line(fact: object) -> str:
    return str(fact).strip().partition("\n")[0].rstrip(".")
