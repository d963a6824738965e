"""How are the workers of a Dask cluster given a batch of pictures?

A worker writes under a hidden name; the client moves what is whole to its place and remembers it,
so that a client that was stopped leaves nothing that the same command would refuse. A worker whose
client was stopped, or is gone, stops too.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final, get_args

from srkit_core.data.own_work import remember
from srkit_core.data.preparation.executor import dask_executor
from srkit_core.data.preparation.records import Unusable
from srkit_core.devices import BackendName
from srkit_core.errors import DataError, SrkitError
from srkit_core.registry import discover
from srkit_core.upscaling.backends.interface import Backend
from srkit_core.upscaling.batch import BatchView, failed_pictures, pixels_of
from srkit_core.upscaling.hand_over import StoppedError
from srkit_core.upscaling.made_before import Making
from srkit_core.upscaling.upscale_file import Upscaled, upscale_file
from srkit_core.upscaling.upscale_options import UpscaleOptions

_UNFINISHED: Final = ".unfinished-"
_ALONE: Final = Lock()
"""Threads of a worker take turns: one picture is computed by all cores."""


@dataclass(frozen=True)
class SharedPicture:
    """A picture for a worker, `target` where it is to lie in the end."""

    options: UpscaleOptions
    source: Path
    target: Path

    @property
    def unfinished(self) -> Path:
        """Return where the worker writes it."""
        return self.target.with_name(f"{_UNFINISHED}{self.target.name}")


def upscale_on_cluster(
    address: str,
    options: UpscaleOptions,
    tasks: Sequence[tuple[Path, Path]],
    making: Making,
    view: BatchView,
) -> None:
    """Let the workers of the scheduler at `address` upscale pictures; they need srkit, the same
    weights, and the same folders under the same paths.

    A picture that fails, or that killed its workers, is told, and the rest done. Raises DataError
    at the end where some failed, and before where no scheduler or worker answers.
    """
    pixels = {source: pixels_of(source) for source, _ in tasks}
    failures, done, total = dict[Path, SrkitError](), 0, sum(pixels.values())
    view.on_pixels(tasks[0][0], 0, total)
    with closing(_results(address, options, tasks)) as results:
        for (source, target), item, result in results:
            if isinstance(result, Upscaled):
                item.unfinished.replace(item.target)
                remember(item.target, making.origin(source))
                view.on_upscaled(source, target, result)
            else:
                item.unfinished.unlink(missing_ok=True)
                failures[source] = DataError(result.reason, hint="leave it out", path=source)
                view.on_failed(source, failures[source])
            done += pixels[source]
            view.on_pixels(source, done, total)
    if failures:
        raise failed_pictures(failures, len(tasks))


def _results(
    address: str, options: UpscaleOptions, tasks: Sequence[tuple[Path, Path]]
) -> Generator[tuple[tuple[Path, Path], SharedPicture, Upscaled | Unusable]]:
    shared = _anywhere(replace(options, backend=backend_word(options)))
    items = {SharedPicture(shared, one.absolute(), to.absolute()): (one, to) for one, to in tasks}
    folders = {item.target.parent for item in items}
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with dask_executor(address, min(folders)) as executor:
            executor.needs({item.source.parent: item.source for item in items})
            for item, result in executor.run(upscale_shared, [*items]):
                yield items.pop(item), item, result
    finally:
        for item in items:  # workers stop where they are, and may have ended before
            item.unfinished.unlink(missing_ok=True)


def _anywhere(options: UpscaleOptions) -> UpscaleOptions:
    """Return options whose model is found from any folder."""
    path = Path(options.named)
    return replace(options, model=str(path.absolute())) if path.exists() else options


def backend_word(options: UpscaleOptions) -> BackendName:
    """Return what computes pictures: what `auto` takes here is taken by every worker."""
    if options.backend != "auto":
        return options.backend
    name = options.open(discover()).name
    return next(one for one in get_args(BackendName) if one == name)


def upscale_shared(item: SharedPicture) -> Upscaled | Unusable:
    """Upscale a picture on a worker; what of it fails is returned."""
    from srkit_core.data.preparation.dask_executor import watch_task

    given_up = watch_task()
    with _ALONE:
        try:
            backend, report = _opened(item.options), _stopping(given_up)
            report(0, 0)
            done = upscale_file(
                item.options,
                backend,
                item.source,
                item.unfinished,
                report=report,
                record=_leave_to_the_client,
            )
            report(1, 1)
            return done
        except (SrkitError, StoppedError) as error:
            with suppress(OSError):
                item.unfinished.unlink(missing_ok=True)
            return Unusable(str(error), lasting=False)


def _stopping(given_up: Callable[[], bool]) -> Callable[[int, int], None]:
    """Return what is told how far a picture is, and stops one that nobody waits for."""

    def report(done: int, length: int) -> None:
        if given_up():
            raise StoppedError("nobody waits for it any more")

    return report


@lru_cache(maxsize=1)
def _opened(options: UpscaleOptions) -> Backend:
    return options.open(discover())


def _leave_to_the_client(picture: Path) -> None:
    """Write nothing down: many machines would, into one file."""
