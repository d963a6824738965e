"""How are many pictures upscaled, whatever becomes of one of them?"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from srkit_core.errors import DataError, NotFiniteError, OutOfMemoryError, SrkitError
from srkit_core.io.images import image_size
from srkit_core.upscaling.upscale_file import Upscaled

UpscaleOne = Callable[[Path, Path, Callable[[int, int], None]], Upscaled]
"""Upscales a picture into a file, and tells how many of how many LR pixels are done."""

_OF_ONE_PICTURE = (DataError, NotFiniteError, OutOfMemoryError)


class BatchView(Protocol):
    """Is told how a batch goes."""

    def on_pixels(self, picture: Path, done: int, total: int) -> None:
        """So many of all LR pixels are done, the last of them of this picture."""

    def on_upscaled(self, source: Path, target: Path, result: Upscaled) -> None:
        """A picture is upscaled."""

    def on_failed(self, source: Path, error: SrkitError) -> None:
        """A picture cannot be read, upscaled or written."""


def upscale_batch(
    tasks: Sequence[tuple[Path, Path]], upscale_one: UpscaleOne, view: BatchView
) -> None:
    """Upscale pictures one after the other; one that fails is told, and the rest done.

    Raises DataError at the end where some failed, its own error where there is only one picture.
    """
    pixels = [pixels_of(source) for source, _ in tasks]
    failures, done, total = dict[Path, SrkitError](), 0, sum(pixels)
    for (source, target), own in zip(tasks, pixels, strict=True):
        report = _Share(view, source, done, own, total)
        report(0, 1)
        try:
            view.on_upscaled(source, target, upscale_one(source, target, report))
            done += own
        except _OF_ONE_PICTURE as error:
            if len(tasks) == 1:
                raise
            view.on_failed(source, error)
            failures[source] = error
            total -= own  # else the time left would count it as work that was quick
    view.on_pixels(tasks[-1][0], total, total)
    if failures:
        raise failed_pictures(failures, len(tasks))


class _Share:
    """Tells how far all pictures are from how far one of them is."""

    def __init__(self, view: BatchView, picture: Path, before: int, own: int, total: int) -> None:
        self._view, self._picture = view, picture
        self._before, self._own, self._total = before, own, total

    def __call__(self, done: int, length: int) -> None:
        self._view.on_pixels(
            self._picture, self._before + self._own * done // max(length, 1), self._total
        )


def pixels_of(source: Path) -> int:
    """Return how many pixels a picture has, 1 where its header does not say; it fails later."""
    with suppress(DataError):
        height, width = image_size(source)
        return height * width
    return 1


def failed_pictures(failures: dict[Path, SrkitError], count: int) -> DataError:
    """Return the error that names the first of those that failed, of so many pictures."""
    first, error = next(iter(failures.items()))
    what = f"{len(failures)} of {count} pictures were" if len(failures) > 1 else "1 picture was"
    return DataError(
        f"{what} not upscaled: {'the first is ' if len(failures) > 1 else ''}{first}: "
        f"{error.message}",
        hint="see above for all of them; the same command does what is missing",
        path=first,
    )
