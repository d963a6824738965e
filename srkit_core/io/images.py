"""What are the pixels of this file, and in which range?

Pictures are uint8 arrays (H, W, 3) in RGB, upright: EXIF orientation is applied once, here. `to_unit` and `to_bytes`
are the only conversions between 8 bit and [0, 1].
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from srkit_core.errors import DataError
from srkit_core.io.atomic import write_bytes

Pixels = NDArray[np.uint8]

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".jp2"})
"""Endings (in lower case) by which a file in a folder counts as a picture."""

_ORIENTATION_TAG = 0x0112
_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by the orientation it was stored in (EXIF 2.32, section 4.6.4 A; 1 is upright)."""
_SIDEWAYS = frozenset({5, 6, 7, 8})
_WRITE_OPTIONS: dict[str, dict[str, Any]] = {
    ".jpg": {"quality": 95, "subsampling": 0},
    ".jpeg": {"quality": 95, "subsampling": 0},
    ".webp": {"lossless": True, "method": 0},
    ".png": {"compress_level": 4},
}


def read_image(path: Path) -> Pixels:
    """Return the pixels of a file, uint8 (H, W, 3), upright and writable; gray is replicated, transparency laid on white.

    16 bits become 8. Raises DataError with the reason when the file is missing, no picture, truncated, absurdly large,
    or has numbers of unknown range.
    """
    with _opened(path) as image:
        turn = _TO_UPRIGHT.get(_orientation(image))
        return _to_rgb(image if turn is None else image.transpose(turn))


def image_size(path: Path) -> tuple[int, int]:
    """Return (height, width) of the upright picture from its header alone; raises DataError when there is none."""
    with _opened(path) as image:
        width, height = image.size
        return (width, height) if _orientation(image) in _SIDEWAYS else (height, width)


def write_image(path: Path, pixels: Pixels) -> None:
    """Write uint8 (H, W, 3) in the format that the ending of `path` names; the file appears whole or not at all.

    Raises DataError when the format or the place cannot take the picture, DiskFullError.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise DataError(f"cannot write a picture as '{path.name}'", hint=f"end it with one of {' '.join(sorted(ENDINGS))}", path=path)
    encoded = BytesIO()
    try:
        Image.fromarray(pixels).save(encoded, Image.registered_extensions()[ending], **_WRITE_OPTIONS.get(ending, {}))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot write {path}: {error}", hint="--out with the ending .png", path=path) from error
    write_bytes(path, encoded.getbuffer())


def to_unit(pixels: Tensor) -> Tensor:
    """Turn uint8 (B, H, W, 3) into float32 (B, 3, H, W) in [0, 1]; the result is channels_last without a copy."""
    return pixels.permute(0, 3, 1, 2).float().div_(255)


def to_bytes(unit: Tensor) -> Tensor:
    """Turn float (B, 3, H, W) into uint8 (B, H, W, 3): clamped to [0, 1], rounded to the nearest of 255 steps."""
    return unit.detach().float().clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture; whatever its decoder raises while it is open becomes a DataError."""
    try:
        with Image.open(path) as image:
            yield image
    except FileNotFoundError:
        raise DataError(f"there is no file {path}", hint="check the path", path=path) from None
    except UnidentifiedImageError:
        raise _unreadable(path, "it is not a picture") from None
    except MemoryError:
        raise
    except Exception as error:  # Pillow names no base class for what its decoders raise
        raise _unreadable(path, getattr(error, "strerror", None) or str(error) or type(error).__name__) from error


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation that the header holds, 1 for TIFF, which Pillow makes upright itself.

    PNG's own `getexif` would decode all pixels to look behind them.
    """
    return 1 if image.format == "TIFF" else int(Image.Image.getexif(image).get(_ORIENTATION_TAG, 1))


def _to_rgb(image: Image.Image) -> Pixels:
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers of unknown range")
    if image.mode.startswith("I"):
        return _from_16_bit_gray(image)
    return np.array((_on_white(image) if image.has_transparency_data else image).convert("RGB"))


def _on_white(image: Image.Image) -> Image.Image:
    """Lay a transparent picture on white paper: the colours hidden below are often garbage."""
    seen = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)


def _from_16_bit_gray(image: Image.Image) -> Pixels:
    """Pillow clips 16-bit gray at 255 when asked for RGB, so it is scaled here: 65535 is 257 * 255."""
    gray = np.asarray(image).astype(np.int64)
    if gray.min() < 0 or gray.max() > 65535:
        raise ValueError("its pixels are integers of more than 16 bits")
    return np.repeat(((gray + 128) // 257).astype(np.uint8)[:, :, None], 3, axis=2)


def _unreadable(path: Path, reason: str) -> DataError:
    return DataError(f"cannot read {path}: {reason}", hint="leave the file out, or save it again as PNG", path=path)
