"""How does a picture file become a larger one?"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import TypeAlias

import numpy as np

from srkit_core.data.own_work import Origin, remember
from srkit_core.io.hidden_colours import fill_hidden
from srkit_core.io.images import (
    DEEP,
    Photo,
    PictureFrame,
    check_holds,
    image_size,
    looks_gray,
    read_photo,
    write_bands,
)
from srkit_core.io.picture_writer import Rows, check_choices, check_writable
from srkit_core.io.raster import Samples, to_8_bit
from srkit_core.oom import oom_guard
from srkit_core.upscaling.alpha import larger_alpha
from srkit_core.upscaling.backends.interface import Backend
from srkit_core.upscaling.bands import Report, upscale_bands
from srkit_core.upscaling.hand_over import hand_over
from srkit_core.upscaling.memory_advice import upscaling_hint
from srkit_core.upscaling.naming_picture import naming_picture
from srkit_core.upscaling.resampling import resample_rows
from srkit_core.upscaling.tile_choice import TileChoice
from srkit_core.upscaling.upscale_options import UpscaleOptions
from srkit_core.upscaling.wanted_size import WantedSize

Size: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Upscaled:
    """Sizes of a picture before and after, (height, width) in pixels.

    `notes` are what a person ought to know of how it was read and cut, such as that it is the first
    of several frames.
    """

    before: Size
    after: Size
    notes: tuple[str, ...] = ()


def upscale_as(
    options: UpscaleOptions,
    backend: Backend,
    source: Path,
    target: Path,
    choice: TileChoice | None = None,
    *,
    origin: Origin | None = None,
    report: Report | None = None,
    read: Callable[[Path], Photo] = read_photo,
    record: Callable[[Path, Origin | None], None] = remember,
    turn: AbstractContextManager[object] | None = None,
) -> Upscaled:
    """Upscale a picture as options say, with the backend that they opened.

    `choice` is theirs, which remembers between pictures what memory allows. The rest is as in
    `upscale_file`, with its errors.
    """
    return upscale_file(
        backend,
        source,
        target,
        choice or options.choice,
        wanted=options.wanted,
        quality=options.quality,
        png_level=options.png_level,
        origin=origin,
        named=options.named,
        report=report,
        read=read,
        record=record,
        turn=turn,
    )


def upscale_file(
    backend: Backend,
    source: Path,
    target: Path,
    choice: TileChoice | None = None,
    *,
    wanted: WantedSize | None = None,
    quality: int | None = None,
    png_level: int | None = None,
    origin: Origin | None = None,
    named: str = "",
    report: Report | None = None,
    read: Callable[[Path], Photo] = read_photo,
    record: Callable[[Path, Origin | None], None] = remember,
    turn: AbstractContextManager[object] | None = None,
) -> Upscaled:
    """Upscale a picture into `target`, clamped and rounded, resampled to the size `wanted`, by
    default that of the backend's scale, in a `quality` of 1 to 100 or a `png_level` of 1 to 9.

    16 bit, gray, alpha (by bicubic interpolation), density and EXIF that still applies are kept
    where the target's format has them; a profile becomes that of sRGB. `report` is told how many of
    how many LR pixels are done, `record` remembers `origin` beside the target, `read` reads the
    source, `turn` is held while the network computes. Raises RecipeError where the format has no
    such choice, DataError, NotFiniteError, which names the model, OutOfMemoryError.
    """
    check_writable(target)
    before = image_size(source)
    after = (wanted or WantedSize()).of(before, backend.scale)
    check_holds(target, after)
    check_choices(target, quality, png_level)
    choice = choice or TileChoice()
    hint = upscaling_hint(backend, before, target, choice)
    doing = f"while {source} was upscaled to {after[1]}x{after[0]}"
    with naming_picture(source, named), oom_guard(hint, doing):
        photo = _suited(read(source), target)
        rows = _resampled(_larger(backend, photo, choice, report), before, after, backend.scale)
        frame = _frame(photo, after, quality, png_level, _software(named, backend.scale))
        hand_over(rows, partial(write_bands, target, frame), turn)
    record(target, origin)
    return Upscaled(before, after, (*photo.notes, *choice.notes(backend, before)))


def _suited(photo: Photo, target: Path) -> Photo:
    """Return a photo as the network is to see it: of the depth that the target has, and without
    colours that nobody saw.
    """
    pixels, alpha = fill_hidden(photo.pixels, photo.alpha), photo.alpha
    if target.suffix.lower() not in DEEP:
        pixels, alpha = to_8_bit(pixels), None if alpha is None else to_8_bit(alpha)
    return replace(photo, pixels=pixels, alpha=alpha)


def _software(model: str, scale: int) -> str:
    """Say what made a picture: the model by its name alone, as paths are nobody's business."""
    names = "+".join(PurePath(one).name for one in model.split("+"))
    return f"srkit {version('srkit')}" + (f", {names} x{scale}" if names else "")


def _frame(
    photo: Photo, size: Size, quality: int | None, png_level: int | None, software: str
) -> PictureFrame:
    return PictureFrame(
        size,
        deep=photo.pixels.dtype == np.uint16,
        alpha=photo.alpha is not None,
        gray=photo.gray,
        exif=photo.exif,
        profiled=photo.profiled,
        density=photo.density,
        quality=quality,
        png_level=png_level,
        software=software,
    )


def _larger(
    backend: Backend, photo: Photo, choice: TileChoice, report: Report | None
) -> Iterator[Rows]:
    pixels, alpha = photo.pixels, photo.alpha
    gray = photo.gray or looks_gray(pixels)
    for band in upscale_bands(backend, pixels, choice, gray=gray, report=report):
        beside = None
        if alpha is not None:
            beside = larger_alpha(alpha, backend.scale, band.start, band.stop)
        yield band.pixels, beside


def _resampled(rows: Iterator[Rows], before: Size, after: Size, scale: int) -> Iterator[Rows]:
    """Bring what a model of a scale made of a picture to another size."""
    made = (before[0] * scale, before[1] * scale)
    if made == after:
        yield from rows
        return
    for samples in resample_rows(map(_stacked, rows), made, after):
        yield samples[:, :, :3], samples[:, :, 3] if samples.shape[2] == 4 else None


def _stacked(rows: Rows) -> Samples:
    colours, alpha = rows
    stacked: Samples = colours if alpha is None else np.dstack([colours, alpha])
    return stacked
