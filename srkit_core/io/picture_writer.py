"""How is a picture written into a file, row by row?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from srkit_core.errors import DataError, RecipeError
from srkit_core.io.atomic import write_parts
from srkit_core.io.density import Density
from srkit_core.io.encoders import Encode, Encoder, Header
from srkit_core.io.exif import name_density, name_software, valid_exif
from srkit_core.io.formats import encoders, writable_endings
from srkit_core.io.raster import Samples, gray_profile, on_white, srgb_profile, to_8_bit

Rows: TypeAlias = tuple[Samples, Samples | None]
"""A band of rows: colours (h, W, 3) and alpha (h, W), uint8 or uint16 alike."""


@dataclass(frozen=True)
class PictureFrame:
    """What is known of a picture before its pixels: (height, width), whether they are uint16 and
    have `alpha`, in which `quality` of 1 to 100 or `png_level` of 1 to 9 it is written (None: the
    format's default), and the `software` that made it; the rest is as in `Photo`.
    """

    size: tuple[int, int]
    deep: bool = False
    alpha: bool = False
    gray: bool = False
    exif: bytes = b""
    profiled: bool = False
    quality: int | None = None
    png_level: int | None = None
    software: str = ""
    density: Density | None = None


def write_bands(
    path: Path, frame: PictureFrame, bands: Iterable[Rows], *, flushed: bool = True
) -> None:
    """Write a picture, whose rows come from top to bottom, in the format that the ending of `path`
    names.

    The file appears whole or not at all; PNG and TIFF are written as rows come, other formats when
    all are there. `flushed` is as in `write_parts`.

    16 bit, gray, alpha, EXIF and density are kept where the format has them; else 16 bit is rounded
    to 8, gray replicated and alpha laid on white. Broken EXIF is left out. A picture that was
    `profiled` bears the ICC profile of sRGB where the format has a place for it, any other none.
    Raises DataError when the format or the place cannot take the picture, DiskFullError, and what
    making the bands raises.
    """
    check_writable(path)
    check_holds(path, frame.size, channels=3 + frame.alpha, deep=frame.deep)
    encode = _encode_in(path, frame.quality, frame.png_level)
    encoder = encoders()[path.suffix.lower()]
    source = _Source(bands)
    rows = (_channels(encoder, frame, *one) for one in source)
    write_parts(
        path, _encoded(path, encode, _header(encoder, frame), rows, source), flushed=flushed
    )


def check_choices(path: Path, quality: int | None, png_level: int | None = None) -> None:
    """Raise RecipeError where the format of `path` has no quality, or no level, to choose."""
    if path.suffix.lower() in writable_endings():
        _encode_in(path, quality, png_level)


def _encode_in(path: Path, quality: int | None, png_level: int | None) -> Encode:
    encoder = encoders()[path.suffix.lower()]
    if quality is not None and encoder.lossy is None:
        fact = f"--quality {quality} is not for {path.suffix}, which is written without loss"
        raise RecipeError(fact, hint="--format jpg, webp or jxl; or leave --quality out")
    if png_level is not None and encoder.level is None:
        fact = f"--png-level {png_level} is of PNG, not of {path.suffix}"
        raise RecipeError(fact, hint="--format png; or leave --png-level out")
    if png_level is not None and encoder.level is not None:
        return encoder.level(png_level)
    return encoder.encode if quality is None or encoder.lossy is None else encoder.lossy(quality)


class _Source:
    """Bands, and the error that ended them."""

    def __init__(self, bands: Iterable[Rows]) -> None:
        self._bands = bands
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[Rows]:
        try:
            yield from self._bands
        except Exception as error:
            self.error = error
            raise


def _encoded(
    path: Path, encode: Encode, header: Header, rows: Iterable[Samples], source: _Source
) -> Iterator[bytes | memoryview]:
    try:
        yield from encode(header, rows)
    except (OSError, ValueError, RuntimeError) as error:
        if error is source.error:
            raise
        raise DataError(
            f"cannot write {path}: {error}", hint="--out with the ending .png", path=path
        ) from error


def _header(encoder: Encoder, frame: PictureFrame) -> Header:
    gray = frame.gray and encoder.gray
    profile = gray_profile() if gray else srgb_profile()
    exif = valid_exif(frame.exif) if encoder.exif else b""
    if frame.software and encoder.exif and not encoder.texts:
        exif = name_software(exif, frame.software)
    if frame.density and encoder.exif and not encoder.density:
        exif = name_density(exif, frame.density)
    return Header(
        *frame.size,
        channels=(1 if gray else 3) + (frame.alpha and encoder.alpha),
        deep=frame.deep and encoder.deep,
        exif=exif,
        profile=profile if frame.profiled and encoder.profile else b"",
        software=frame.software if encoder.texts else "",
        density=frame.density if encoder.density else None,
    )


def _channels(
    encoder: Encoder, frame: PictureFrame, colours: Samples, alpha: Samples | None
) -> Samples:
    """Return (h, W), or (h, W, 2 to 4), as the format has it."""
    if frame.gray and encoder.gray:
        colours = colours[:, :, 0]
    if alpha is not None and encoder.alpha:
        samples: Samples = np.dstack([colours, alpha])
    else:
        samples = on_white(colours, alpha)
    return samples if encoder.deep else to_8_bit(samples)


def check_writable(path: Path) -> None:
    """Raise DataError when no format is written under the ending of `path`."""
    if path.suffix.lower() not in writable_endings():
        raise DataError(
            f"cannot write a picture as '{path.name}'",
            hint=f"end it with one of {' '.join(sorted(writable_endings()))}",
            path=path,
        )


def check_holds(
    path: Path, size: tuple[int, int], *, channels: int = 3, deep: bool = False
) -> None:
    """Raise DataError when the format of `path` cannot hold a picture of (height, width), or is not
    written.
    """
    check_writable(path)
    encoder, (height, width) = encoders()[path.suffix.lower()], size
    kept = deep and encoder.deep
    side = encoder.most_side_16_bit if kept else encoder.most_side
    stored = height * width * channels * (2 if kept else 1)
    if max(height, width) <= side and stored <= encoder.most_bytes:
        return
    limit = f"{side:,} a side" if max(height, width) > side else f"{encoder.most_bytes:,} bytes"
    raise DataError(
        f"cannot write {path}: it has {width}x{height} pixels, {path.suffix} takes {limit}",
        hint="--out with the ending .png" if path.suffix != ".png" else "--out with .tif",
        path=path,
    )
