"""What are the pixels of this file, and in which range?

The one door for pictures: training, evaluation and upscaling read and write through it. Pixels are
upright RGB in sRGB. `to_unit`, `to_bytes` and `to_words` are the only conversions between integers
and [0, 1]; whoever does not call them needs no torch, which saves a process that only decodes its
import.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srkit_core.errors import NotFiniteError
from srkit_core.io.decode_errors import as_data_error
from srkit_core.io.density import Density, density_of
from srkit_core.io.exif import applicable_exif, found_exif
from srkit_core.io.formats import (
    DEEP,
    IN_WORDS,
    decoder_of,
    picture_endings,
    writable_endings,
)
from srkit_core.io.picture_writer import PictureFrame, check_holds, check_writable, write_bands
from srkit_core.io.raster import (
    DeepPixels,
    Pixels,
    Raster,
    Samples,
    on_white,
    to_8_bit,
    to_srgb,
    upright,
)

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "DEEP",
    "IN_WORDS",
    "DeepPixels",
    "Photo",
    "PictureFrame",
    "Pixels",
    "Samples",
    "all_finite",
    "check_finite",
    "check_holds",
    "check_writable",
    "image_notes",
    "image_size",
    "looks_gray",
    "picture_endings",
    "read_image",
    "read_image_noted",
    "read_photo",
    "to_bytes",
    "to_unit",
    "to_words",
    "writable_endings",
    "write_bands",
    "write_image",
    "write_photo",
]


@dataclass(frozen=True)
class Photo:
    """A picture with what belongs to it: `pixels` (H, W, 3) and `alpha` (H, W.

    None: opaque) of one type, uint8 or uint16.

    `exif` is what still applies to a copy of it, as EXIF bytes. `profiled` says whether the file
    named its colours by an ICC profile; a copy then names them too, and since pixels are sRGB by
    then, by the profile of sRGB. `gray` says that the file is a gray one, whose three channels are
    alike; a copy is written as gray where its format has that. `notes` are what a person ought to
    know of how it was read, such as that it is the first of several frames, each a phrase.
    `density` is how many dots per inch it is meant to be shown in, horizontally and vertically.
    """

    pixels: Samples
    alpha: Samples | None = None
    exif: bytes = b""
    profiled: bool = False
    notes: tuple[str, ...] = ()
    gray: bool = False
    density: Density | None = None


def read_image(path: Path) -> Pixels:
    """Return the pixels of a file, uint8 (H, W, 3), upright and writable.

    Gray is replicated, transparency laid on white.

    Embedded profiles are followed to sRGB, 16 bit is rounded to 8. Raises DataError with the reason
    when the file is missing, empty, no picture, truncated or damaged, too large, or has numbers of
    unknown range.
    """
    return read_image_noted(path)[0]


def read_image_noted(path: Path) -> tuple[Pixels, tuple[str, ...]]:
    """Return what `read_image` does, and the notes of `Photo`."""
    with as_data_error(path):
        decoder = decoder_of(path)
        photo = _finished(decoder.decode(path))
        pixels = np.require(to_8_bit(on_white(photo.pixels, photo.alpha)), requirements=["C", "W"])
        return pixels, (*decoder.notes(path), *photo.notes)


def read_photo(path: Path) -> Photo:
    """Return a picture with its alpha and the EXIF that still applies, uint8, or uint16 where its
    file has 9 to 16 bit.

    Of these an AVIF of several pictures, JPEG 2000 of inks and PPM in plain words come as 8 bit.
    Raises as `read_image`.
    """
    with as_data_error(path):
        decoder = decoder_of(path)
        photo = _finished(decoder.decode(path))
        exif = found_exif(decoder.exif, path)
        return replace(
            photo,
            exif=applicable_exif(exif),
            density=density_of(path, exif),
            notes=(*decoder.notes(path), *photo.notes),
        )


def image_notes(path: Path) -> tuple[str, ...]:
    """Return what the header of a file says of what is not read, such as further frames."""
    with as_data_error(path):
        return decoder_of(path).notes(path)


def image_size(path: Path) -> tuple[int, int]:
    """Return (height, width) of the upright picture from its header alone.

    Raises DataError when there is none.
    """
    with as_data_error(path):
        return decoder_of(path).size(path)


def write_image(path: Path, pixels: Pixels, *, flushed: bool = True) -> None:
    """Write uint8 (H, W, 3) as `write_photo` does."""
    write_photo(path, Photo(pixels), flushed=flushed)


def write_photo(path: Path, photo: Photo, *, flushed: bool = True) -> None:
    """Write a picture as `write_bands` does, with its errors; `flushed` is as in `write_parts`."""
    height, width = photo.pixels.shape[:2]
    frame = PictureFrame(
        (height, width),
        deep=photo.pixels.dtype == np.uint16,
        alpha=photo.alpha is not None,
        gray=photo.gray,
        exif=photo.exif,
        profiled=photo.profiled,
        density=photo.density,
    )
    write_bands(path, frame, [(photo.pixels, photo.alpha)], flushed=flushed)


def to_unit(pixels: "Tensor") -> "Tensor":
    """Turn uint8 or uint16 (B, H, W, C) into float32 (B, C, H, W) in [0, 1].

    The result is channels_last without a copy.

    A CPU does so one picture after the other, because a single one stays in its cache.
    """
    import torch

    unit, most = (
        torch.empty(pixels.shape, dtype=torch.float32, device=pixels.device),
        torch.iinfo(pixels.dtype).max,
    )
    for some, whole in zip(
        *((both.unbind() if both.device.type == "cpu" else [both]) for both in (unit, pixels)),
        strict=True,
    ):
        some.copy_(whole).div_(most)
    return unit.permute(0, 3, 1, 2)


def to_bytes(unit: "Tensor") -> "Tensor":
    """Turn float (B, C, H, W) into uint8 (B, H, W, C): clamped to [0, 1], rounded to the nearest of
    255 steps.

    Raises NotFiniteError for NaN and infinity, which are no brightness.
    """
    check_finite(unit)
    return unit.detach().float().clamp(0, 1).mul_(255).round_().byte().permute(0, 2, 3, 1)


def to_words(unit: "Tensor") -> "Tensor":
    """Turn float (B, C, H, W) into 16 bit (B, H, W, C): clamped to [0, 1], rounded to the nearest
    of 65535 steps. They are the bits of uint16 as int16, which more devices know.

    Raises as `to_bytes`.
    """
    import torch

    check_finite(unit)
    words = unit.detach().float().clamp(0, 1).mul_(65535).round_().int()
    return torch.where(words > 32767, words - 65536, words).short().permute(0, 2, 3, 1)


def looks_gray(pixels: Samples) -> bool:
    """Say whether the channels of (H, W, 3) are alike everywhere."""
    return bool((pixels == pixels[:, :, :1]).all())


def all_finite(values: "Tensor") -> bool:
    """Say whether a tensor of any shape holds neither NaN nor infinity, without a second one as
    large.
    """
    if not values.numel():
        return True
    known = values.detach()
    return bool(known.amin().isfinite() & known.amax().isfinite())


def check_finite(unit: "Tensor") -> None:
    """Raise NotFiniteError for pictures that hold NaN or infinity."""
    if not all_finite(unit):
        raise NotFiniteError(
            "a picture was computed that holds NaN or infinity", hint="--precision fp32"
        )


def _finished(raster: Raster) -> Photo:
    """Bring colours to sRGB and everything upright."""
    pixels = np.ascontiguousarray(
        upright(to_srgb(raster.samples, raster.profile), raster.orientation)
    )
    alpha = None if raster.alpha is None else upright(raster.alpha, raster.orientation)
    gray = raster.samples.ndim == 2
    return Photo(pixels, alpha, b"", bool(raster.profile), raster.notes, gray)
