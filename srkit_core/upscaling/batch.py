"""How are many pictures upscaled, whatever becomes of one of them?"""

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from srkit_core.data.own_work import remember
from srkit_core.errors import DataError, NotFiniteError, OutOfMemoryError, SrkitError
from srkit_core.io.images import image_size
from srkit_core.registry import Registry
from srkit_core.upscaling.made_before import Making
from srkit_core.upscaling.read_ahead import ReadAhead
from srkit_core.upscaling.upscale_file import Upscaled, begin_file
from srkit_core.upscaling.upscale_options import UpscaleOptions

BeginOne: TypeAlias = Callable[
    [Path, Path, Callable[[int, int], None], Executor], "Future[Upscaled]"
]
"""Computes a picture and tells how many of how many LR pixels are done; a thread of those that are
given writes it into a file.
"""

_IN_FLIGHT: Final = 2**29
"""Bytes of SR that may be on their way into files when another picture is begun; a larger one waits
until it is alone.
"""
_OF_ONE_PICTURE = (DataError, NotFiniteError, OutOfMemoryError)


class BatchView(Protocol):
    """Is told how a batch goes."""

    def on_pixels(self, picture: Path, done: int, total: int) -> None:
        """So many of all LR pixels are done, the last of them of this picture."""

    def on_upscaled(self, source: Path, target: Path, result: Upscaled) -> None:
        """A picture is upscaled."""

    def on_failed(self, source: Path, error: SrkitError) -> None:
        """A picture cannot be read, upscaled or written."""


def upscale_here(
    options: UpscaleOptions,
    tasks: Sequence[tuple[Path, Path]],
    making: Making,
    registry: Registry,
    view: BatchView,
    note: Callable[[str], None],
) -> None:
    """Upscale pictures on this machine, as `upscale_batch` does. While one is computed the next is
    read and those before are written; `note` is told what computes.
    """
    backend, choice = options.open(registry, note), options.choice

    def begin(
        source: Path, target: Path, report: Callable[[int, int], None], writers: Executor
    ) -> Future[Upscaled]:
        return begin_file(
            options,
            backend,
            source,
            target,
            choice,
            writers,
            report=report,
            read=read,
            record=partial(remember, origin=making.origin(source)),
        )

    with ReadAhead(source for source, _ in tasks) as read:
        upscale_batch(tasks, begin, view, Ahead.on_this_machine(3 * backend.scale**2))


@dataclass(frozen=True)
class Ahead:
    """How much may be on its way into files while another picture is computed: of `pictures` in
    all, and of `bytes_a_pixel` of LR for each no more than `most_bytes`.
    """

    pictures: int = 1
    bytes_a_pixel: int = 0
    most_bytes: int = _IN_FLIGHT

    @classmethod
    def on_this_machine(cls, bytes_a_pixel: int) -> "Ahead":
        """Return what keeps encoders busy: many formats are encoded by one core."""
        return cls(min(max((os.cpu_count() or 1) // 2, 2), 8), bytes_a_pixel)

    def has_room(self, before: Sequence[int], pixels: int) -> bool:
        """Whether a picture of so many LR pixels may be begun beside those before it."""
        held = (sum(before) + pixels) * self.bytes_a_pixel
        return not before or (len(before) < self.pictures and held <= self.most_bytes)


def upscale_batch(
    tasks: Sequence[tuple[Path, Path]], begin: BeginOne, view: BatchView, ahead: Ahead
) -> None:
    """Upscale pictures in their order, one computed while those before are written; one that fails
    is told, and the rest done.

    Raises DataError at the end where some failed, its own error where there is only one picture.
    """
    failures, pixels = dict[Path, SrkitError](), _Pixels(tasks, view)
    with closing(_begun(tasks, begin, pixels, ahead)) as begun:
        for (source, target), upscaled in begun:
            try:
                view.on_upscaled(source, target, upscaled.result())
                pixels.finish(source)
            except _OF_ONE_PICTURE as error:
                if len(tasks) == 1:
                    raise
                view.on_failed(source, error)
                failures[source] = error
                pixels.forget(source)  # else the time left would count it as work that was quick
    pixels.tell(tasks[-1][0])
    if failures:
        raise failed_pictures(failures, len(tasks))


def _begun(
    tasks: Sequence[tuple[Path, Path]], begin: BeginOne, pixels: "_Pixels", ahead: Ahead
) -> Generator[tuple[tuple[Path, Path], Future[Upscaled]], None, None]:
    """Yield every task with what becomes of it, in their order, as soon as the next one has room or
    it is written.
    """
    waiting = deque[tuple[tuple[Path, Path], Future[Upscaled]]]()

    def is_full(source: Path) -> bool:
        before = [pixels.of(one) for (one, _), _ in waiting]
        return not ahead.has_room(before, pixels.of(source))

    # what was begun is whole in memory: whatever ends the batch, it is written to its end
    with ThreadPoolExecutor(ahead.pictures, "srkit-write") as writers:
        for task in tasks:
            while waiting and (waiting[0][1].done() or is_full(task[0])):
                yield waiting.popleft()
            waiting.append((task, _begin(begin, task, pixels, writers)))
        yield from waiting


def _begin(
    begin: BeginOne, task: tuple[Path, Path], pixels: "_Pixels", writers: Executor
) -> Future[Upscaled]:
    """Begin with a picture; what of it fails is told in its turn."""
    try:
        return begin(*task, pixels.report(task[0]), writers)
    except _OF_ONE_PICTURE as error:
        failed = Future[Upscaled]()
        failed.set_exception(error)
        return failed


class _Pixels:
    """Tells how far all pictures are from how far each of them is."""

    def __init__(self, tasks: Sequence[tuple[Path, Path]], view: BatchView) -> None:
        self._view = view
        self._own = {source: pixels_of(source) for source, _ in tasks}
        self._done = dict.fromkeys(self._own, 0)
        self.tell(tasks[0][0])

    def of(self, picture: Path) -> int:
        """Return how many LR pixels a picture has, 0 where it failed."""
        return self._own[picture]

    def report(self, picture: Path) -> Callable[[int, int], None]:
        """Return what is told how many of how many LR pixels of a picture are done."""

        def tell(done: int, length: int) -> None:
            self._done[picture] = self._own[picture] * done // max(length, 1)
            self.tell(picture)

        return tell

    def finish(self, picture: Path) -> None:
        """Count all of a picture as done."""
        self._done[picture] = self._own[picture]

    def forget(self, picture: Path) -> None:
        """Count a picture no longer."""
        self._done[picture] = self._own[picture] = 0

    def tell(self, picture: Path) -> None:
        """Tell how far the batch is."""
        self._view.on_pixels(picture, sum(self._done.values()), sum(self._own.values()))


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
