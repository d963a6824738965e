"""How does long work look while it goes on?"""

import time
from collections.abc import Mapping
from typing import IO, Final, cast

from srkit_core.callbacks import Callback, PictureScoredEvent, StepEvent
from srkit_core.cli.output import OUT, one_line, say
from srkit_core.cli.render import on_terminal, process_number
from srkit_core.durations import duration

_WIDE: Final = 100
_SPEED_OVER: Final = 600.0
"""Seconds of which the time left is estimated: a step of a large network may take a minute."""
_SILENT_FOR: Final = 10.0
"""Seconds for which plain lines say nothing of a validation that goes on."""


class ProgressView(Callback):
    """Shows work: a bar with the time left on a terminal, plain lines elsewhere. A context manager.

    Of the processes of one run only the first shows anything.
    """

    def __init__(self) -> None:
        self._bar = _Bar() if on_terminal() and process_number() == 0 else None
        self._starts = dict[str, tuple[int, float]]()
        self._told_at = 0.0

    def __enter__(self) -> "ProgressView":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def on_note(self, text: str) -> None:
        """Print a line."""
        if self._bar:
            self._bar.print(text)
        else:
            _say(text)

    def on_step(self, event: StepEvent) -> None:
        """Move the bar, or print a line where a row was logged."""
        stage, done, length, values = event.stage, event.step, event.length, event.values
        if self._bar:
            self._bar.move(stage, done, length, _short(values, self._bar.width))
        elif values:
            _say(f"{stage} {done}/{length}  {_long(values)}{self._time_left(stage, done, length)}")

    def on_picture_scored(self, event: PictureScoredEvent) -> None:
        """Move the bar of a validation, or print a line now and then of one that takes long."""
        name, done, length = "bicubic" if event.bicubic else "validation", event.done, event.length
        if self._bar:
            self._bar.move(name, done, length, one_line(event.picture), passing=True)
        elif self._is_due(work := f"{name} after step {event.run_step}", done):
            _say(f"{work}: {done}/{length} pictures{self._time_left(work, done, length)}")

    def count(self, work: str, done: int, length: int, what: str = "pictures scored") -> None:
        """Move the bar of work that has no figures, or print a line when it is done."""
        if self._bar:
            self._bar.move(work, done, length, "")
        elif done == length:
            _say(f"{work}: {length} {what}")

    def on_pixels(self, picture: str, done: int, total: int) -> None:
        """Move the bar of pictures by their pixels, or print a line now and then."""
        if self._bar:
            figures = f"kilopixels  {one_line(picture)}"
            self._bar.move("upscale", _kilo(done), _kilo(total), figures, passing=True)
        elif self._is_due("upscale", done):
            left = self._time_left("upscale", done, total)
            _say(f"upscale: {100 * done // max(total, 1)} %, at {picture}{left}")

    def on_download(self, name: str, done: int, total: int) -> None:
        """Move the bar of a download, in MiB, or print a line when it begins, now and then, and at
        its end.
        """
        work, size = f"download {name}", f" of {_mib(total)} MiB" if total else ""
        if self._bar:
            self._bar.move(work, _mib(done), _mib(max(done, total)), "MiB")
        elif self._starts.setdefault(work, (done, time.monotonic()))[0] == done or done == total:
            _say(f"{work}: {_mib(done)}{size}")
        elif self._is_due(work, done):
            left = self._time_left(work, done, total) if total else ""
            _say(f"{work}: {_mib(done)}{size}{left}")

    def _is_due(self, work: str, done: int) -> bool:
        """Whether work has been silent for so long that a line tells how far it is."""
        now = time.monotonic()
        _, since = self._starts.setdefault(work, (done, now))
        due = now - max(since, self._told_at) >= _SILENT_FOR
        self._told_at = now if due else self._told_at
        return due

    def _time_left(self, stage: str, done: int, length: int) -> str:
        first, since = self._starts.setdefault(stage, (done, time.monotonic()))
        if done in (first, length):
            return ""
        return f"  {duration((time.monotonic() - since) / (done - first) * (length - done))} left"


def _say(text: str) -> None:
    """Print a line, by the first process of a run alone."""
    if process_number():
        return
    say(text)


def _kilo(count: int) -> int:
    return -(-count // 1000)


def _mib(size: int) -> int:
    return -(-size // 2**20)


def _long(values: Mapping[str, float]) -> str:
    """Say a row in a line of its own."""
    from srkit_core.engine.logs.columns import DECLARED

    shown = (one.name for one in DECLARED if one.in_progress and one.name in values)
    return "  ".join(f"{name} {values[name]:.4g}" for name in shown)


def _short(values: Mapping[str, float], width: int) -> str:
    """Say a row in the room that a bar leaves on a terminal of so many columns."""
    speed = f"{values['images_per_s']:.3g} pictures/s" if "images_per_s" in values else ""
    loss = f"loss {values['loss/total']:.3g}" if "loss/total" in values else ""
    game = ""
    if "d_real" in values and width >= _WIDE:
        game = f"D(real) {values['d_real']:.2f}  D(fake) {values['d_fake']:.2f}"
    return "  ".join(filter(None, (speed, loss, game)))


class _Bar:
    """A rich progress bar per stage, which moves at every step; the last logged figures stand
    beside it.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            Task,
            TextColumn,
        )
        from rich.text import Text

        class TimeLeft(ProgressColumn):
            """The time left, also of work that goes on for weeks."""

            max_refresh = 0.5

            def render(self, task: Task) -> Text:
                left = task.time_remaining
                known = "" if left is None or task.finished else f"{duration(left)} left"
                return Text(known, style="progress.remaining")

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(8),
            MofNCompleteColumn(),
            TimeLeft(),
            TextColumn("{task.fields[figures]}", markup=False),
            console=Console(file=cast("IO[str]", OUT.held())),
            speed_estimate_period=_SPEED_OVER,
        )
        self._tasks = dict[str, int]()
        self._progress.start()

    @property
    def width(self) -> int:
        """How many columns the terminal has now."""
        return self._progress.console.width

    def move(
        self, stage: str, done: int, length: int, figures: str, *, passing: bool = False
    ) -> None:
        """Show how far work is; what is `passing` disappears once done, and may come again."""
        from rich.progress import TaskID

        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(one_line(stage), total=length, figures="")
        task = TaskID(self._tasks[stage])
        if passing and done < self._progress.tasks[task].completed:
            self._progress.reset(task, total=length)
        shown = not (passing and done == length)
        self._progress.update(task, completed=done, total=length, visible=shown)
        if figures:
            self._progress.update(task, figures=figures)

    def print(self, text: str) -> None:
        shown = one_line(text)
        self._progress.console.print(shown, markup=False, highlight=False, emoji=False)

    def stop(self) -> None:
        self._progress.stop()
