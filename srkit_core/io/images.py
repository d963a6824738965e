"""What are the pixels of this file, and in which range?

Pictures are uint8 arrays (H, W, 3) in RGB, upright: EXIF orientation is applied once, here. `to_unit` and `to_bytes`
are the only conversions between 8 bit and [0, 1].
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from srkit_core.errors import DataError
from srkit_core.io.atomic import write_atomically

Pixels = NDArray[np.uint8]

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".jp2"})
"""Endings (in lower case) by which a file in a folder counts as a picture."""

_ORIENTATION_TAG = 0x0112
_SIDEWAYS = frozenset({5, 6, 7, 8})
_WRITE_OPTIONS: dict[str, dict[str, Any]] = {
    ".jpg": {"quality": 95, "subsampling": 0},
    ".jpeg": {"quality": 95, "subsampling": 0},
    ".webp": {"lossless": True, "method": 0},
    ".png": {"compress_level": 4},
}


def read_image(path: Path) -> Pixels:
    """Return the pixels of a file, uint8 (H, W, 3), upright; gray is replicated, alpha is dropped.

    Raises DataError with the reason when the file is missing, no picture, truncated or absurdly large.
    """
    with _opened(path) as image:
        try:
            upright = ImageOps.exif_transpose(image)
            return _to_rgb(upright)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise _unreadable(path, str(error)) from error


def image_size(path: Path) -> tuple[int, int]:
    """Return (height, width) of the upright picture from its header alone; raises DataError as `read_image` does."""
    with _opened(path) as image:
        width, height = image.size
        sideways = image.getexif().get(_ORIENTATION_TAG) in _SIDEWAYS
        return (width, height) if sideways else (height, width)


def write_image(path: Path, pixels: Pixels) -> None:
    """Write uint8 (H, W, 3) in the format that the ending of `path` names; the file appears whole or not at all."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise DataError(f"cannot write a picture as '{path.name}'", hint=f"end it with one of {' '.join(sorted(ENDINGS))}", path=path)
    image = Image.fromarray(pixels)
    write_atomically(path, lambda beside: image.save(beside, **_WRITE_OPTIONS.get(ending, {})))


def to_unit(pixels: Tensor) -> Tensor:
    """Turn uint8 (B, H, W, 3) into float32 (B, 3, H, W) in [0, 1]; the result is channels_last without a copy."""
    return pixels.permute(0, 3, 1, 2).float().div_(255)


def to_bytes(unit: Tensor) -> Tensor:
    """Turn float (B, 3, H, W) into uint8 (B, H, W, 3): clamped to [0, 1], rounded to the nearest of 255 steps."""
    return unit.detach().float().clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1)


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except FileNotFoundError:
        raise DataError(f"there is no file {path}", hint="check the path", path=path) from None
    except UnidentifiedImageError:
        raise _unreadable(path, "it is not a picture") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(path, str(error)) from error


def _to_rgb(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):
        return _sixteen_bit_gray(image)
    return np.asarray(image.convert("RGB"))


def _sixteen_bit_gray(image: Image.Image) -> Pixels:
    """Pillow clips 16-bit gray at 255 when asked for RGB, so it is scaled here: 65535 is 257 * 255."""
    gray = np.clip(np.rint(np.asarray(image, dtype=np.float64) / 257), 0, 255).astype(np.uint8)
    return np.repeat(gray[:, :, None], 3, axis=2)


def _unreadable(path: Path, reason: str) -> DataError:
    return DataError(f"cannot read {path}: {reason}", hint="leave the file out, or save it again as PNG", path=path)
