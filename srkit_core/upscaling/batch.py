"""How are many pictures upscaled, whatever becomes of one of them?"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final, Protocol, TypeAlias

from srkit_core.errors import DataError, NotFiniteError, OutOfMemoryError, SrkitError
from srkit_core.io.images import image_size
from srkit_core.registry import Registry
from srkit_core.upscaling.hand_over import StoppedError
from srkit_core.upscaling.made_before import Making
from srkit_core.upscaling.read_ahead import ReadAhead
from srkit_core.upscaling.upscale_file import Upscaled, upscale_as
from srkit_core.upscaling.upscale_options import UpscaleOptions

UpscaleOne: TypeAlias = Callable[[Path, Path, Callable[[int, int], None]], Upscaled]
"""Upscales a picture into a file, and tells how many of how many LR pixels are done."""

_BESIDE_A_GPU: Final = 3
"""So many pictures at once: one is read, one computed, one written, which takes a CPU longer."""
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
    """Upscale pictures on this machine, as `upscale_batch` does. While one is computed others are
    read and written; `note` is told what computes.
    """
    backend, choice, turn = options.open(registry, note), options.choice, Lock()
    at_once = 1 if backend.device == "cpu" else _BESIDE_A_GPU

    def upscale_one(source: Path, target: Path, report: Callable[[int, int], None]) -> Upscaled:
        return upscale_as(
            options,
            backend,
            source,
            target,
            choice,
            origin=making.origin(source),
            report=report,
            read=read,
            turn=turn,
        )

    ahead = (source for source, _ in tasks if at_once == 1)  # else threads read on their own
    with ReadAhead(ahead) as read:
        upscale_batch(tasks, upscale_one, view, at_once)


def upscale_batch(
    tasks: Sequence[tuple[Path, Path]], upscale_one: UpscaleOne, view: BatchView, at_once: int = 1
) -> None:
    """Upscale pictures in their order, `at_once` of them in threads; one that fails is told, and
    the rest done.

    Raises DataError at the end where some failed, its own error where there is only one picture.
    """
    failures, pixels = dict[Path, SrkitError](), _Pixels(tasks, view)
    for (source, target), result in _results(tasks, upscale_one, pixels, at_once):
        try:
            view.on_upscaled(source, target, result())
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


def _results(
    tasks: Sequence[tuple[Path, Path]], upscale_one: UpscaleOne, pixels: "_Pixels", at_once: int
) -> Iterator[tuple[tuple[Path, Path], Callable[[], Upscaled]]]:
    """Yield every task with what returns its result, or raises what became of it."""
    if at_once == 1:
        for task in tasks:
            yield task, partial(upscale_one, *task, pixels.report(task[0]))
        return
    waiting = deque[tuple[tuple[Path, Path], Future[Upscaled]]]()
    with ThreadPoolExecutor(at_once, "srkit-picture") as pool:
        try:
            for task in tasks:
                waiting.append((task, pool.submit(upscale_one, *task, pixels.report(task[0]))))
                if len(waiting) > at_once:
                    first, future = waiting.popleft()
                    yield first, future.result
            for first, future in waiting:
                yield first, future.result
        except BaseException:
            pixels.stopped = True
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Pixels:
    """Tells how far all pictures are from how far each of them is; stops those that go on when the
    batch is `stopped`.
    """

    def __init__(self, tasks: Sequence[tuple[Path, Path]], view: BatchView) -> None:
        self._view, self._lock = view, Lock()
        self._own = {source: pixels_of(source) for source, _ in tasks}
        self._done = dict.fromkeys(self._own, 0)
        self.stopped = False
        self.tell(tasks[0][0])

    def report(self, picture: Path) -> Callable[[int, int], None]:
        """Return what is told how many of how many LR pixels of a picture are done."""

        def tell(done: int, length: int) -> None:
            if self.stopped:
                raise StoppedError("the batch has ended")
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
        with self._lock:
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
