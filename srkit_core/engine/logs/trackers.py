"""Who else keeps the figures and pictures of a run?

None of them may stop a run that goes well without them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from srkit_core.callbacks import Callback
from srkit_core.errors import RecipeError, SrkitError
from srkit_core.interfaces import RunInfo, Tracker
from srkit_core.io.images import Pixels
from srkit_core.tracker_binding import NamedTracker


class Trackers:
    """Trackers that were started; without any, everything said is forgotten."""

    def __init__(self, live: Sequence[NamedTracker] = (), callback: Callback | None = None) -> None:
        self._live = live
        self._callback = callback or Callback()
        self._complained = set[str]()

    def row(self, step: int, split: str, figures: Mapping[str, float]) -> None:
        """Log a row under `<split>/<column>`."""
        named = {f"{split}/{column}": value for column, value in figures.items()}
        self._each(lambda tracker: tracker.row(step, dict(named)))

    def pictures(self, step: int, sheet: Pixels) -> None:
        """Log a sheet of validation pictures, uint8 (H, W, 3), where a tracker takes pictures."""
        self._each(lambda tracker: tracker.pictures(step, sheet.copy()))

    def close(self) -> None:
        """Let every tracker write what it still holds."""
        self._each(lambda tracker: tracker.close())

    def _each(self, action: Callable[[Tracker], object]) -> None:
        for one in self._live:
            try:
                action(one.tracker)
            except Exception as error:
                self._complain(one.name, error)

    def _complain(self, name: str, error: Exception) -> None:
        if name not in self._complained:
            self._complained.add(name)
            self._callback.on_note(
                f"warning: the tracker {name} has failed and may miss figures: {error}; "
                "metrics.csv has them all"
            )


@contextmanager
def open_trackers(
    trackers: Sequence[NamedTracker], run: RunInfo, callback: Callback
) -> Iterator[Trackers]:
    """Start trackers, and let them write what they hold at the end.

    Raises RecipeError when one does not start; those before it are closed again.
    """
    started = list[NamedTracker]()
    live = Trackers(started, callback)
    try:
        for one in trackers:
            _start(one, run)
            started.append(one)
        yield live
    finally:
        live.close()


def _start(one: NamedTracker, run: RunInfo) -> None:
    try:
        one.tracker.start(run)
    except SrkitError:
        raise
    except Exception as error:
        raise RecipeError(
            f"the tracker {one.name} does not start: {error}",
            hint=f"look into the settings of {one.name}, or leave out --track",
        ) from error
