"""How does a picture file become a larger one?"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import TypeAlias

import numpy as np

from srkit_core.data.own_work import remember
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


def upscale_file(
    options: UpscaleOptions,
    backend: Backend,
    source: Path,
    target: Path,
    choice: TileChoice | None = None,
    *,
    report: Report | None = None,
    record: Callable[[Path], None] = remember,
) -> Upscaled:
    """Upscale a picture as options say, with the backend that they opened.

    `choice` is theirs, which remembers between pictures what memory allows. The rest is as in
    `begin_file`, with its errors.
    """
    with ThreadPoolExecutor(1, "srkit-write") as writers:
        kept = choice or options.choice
        return begin_file(
            options, backend, source, target, kept, writers, report=report, record=record
        ).result()


def begin_file(
    options: UpscaleOptions,
    backend: Backend,
    source: Path,
    target: Path,
    choice: TileChoice,
    writers: Executor,
    *,
    report: Report | None = None,
    read: Callable[[Path], Photo] = read_photo,
    record: Callable[[Path], None] = remember,
) -> Future[Upscaled]:
    """Compute a picture that a thread of `writers` writes into `target`: clamped and rounded,
    resampled to the size that options want, by default that of the backend's scale, in their
    quality or level of PNG. Return when all of it is computed; it may be written later.

    16 bit, gray, alpha (by bicubic interpolation), density and EXIF that still applies are kept
    where the target's format has them; a profile becomes that of sRGB. `report` is told how many of
    how many LR pixels are done, `record` of the file when it is there. Raises, here or from what is
    returned, RecipeError, DataError, NotFiniteError, which names the model, OutOfMemoryError.
    """
    named, quality, png_level = options.named, options.quality, options.png_level
    check_choices(target, quality, png_level)
    before, after = _sizes(source, target, options.wanted, backend.scale)
    hint = upscaling_hint(backend, before, target, choice)
    with _naming(source, after, named, hint):
        photo = _suited(read(source), target)
        frame = _frame(photo, after, quality, png_level, _software(named, backend.scale))

        def write(rows: Iterator[Rows]) -> Upscaled:
            with _naming(source, after, named, hint):
                write_bands(target, frame, rows)
            record(target)
            return Upscaled(before, after, (*photo.notes, *choice.notes(backend, before)))

        larger = _larger(backend, photo, choice, report)
        return hand_over(_resampled(larger, before, after, backend.scale), write, writers)


def _sizes(source: Path, target: Path, wanted: WantedSize, scale: int) -> tuple[Size, Size]:
    """Return the size of a picture before and after, which the target can hold."""
    check_writable(target)
    before = image_size(source)
    after = wanted.of(before, scale)
    check_holds(target, after)
    return before, after


@contextmanager
def _naming(source: Path, after: Size, model: str, hint: str) -> Iterator[None]:
    """Let errors name the picture."""
    doing = f"while {source} was upscaled to {after[1]}x{after[0]}"
    with naming_picture(source, model), oom_guard(hint, doing):
        yield


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
