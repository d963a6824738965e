"""What is logged of a step and of a validation, and who is told?"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from srkit_core.callbacks import StepEvent, ValidationEvent
from srkit_core.engine.gan_monitor import CONTRAST, TINT
from srkit_core.engine.logs.columns import TOTAL, LogSplit, columns_of_kind, log_row

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun
    from srkit_core.engine.validator import SetScores

Figures: TypeAlias = dict[str, float]


@dataclass
class Throughput:
    """Counts the pictures trained on per second, waiting for the loader included, validation and
    checkpoints left out.
    """

    images: int = 0
    seconds: float = 0.0
    _since: float = field(default_factory=time.perf_counter)

    def start(self) -> None:
        """Measure from here: what came since the last step was not training."""
        self._since = time.perf_counter()

    def count(self, images: int) -> None:
        """Add a step that has just ended."""
        now = time.perf_counter()
        self.images, self.seconds = self.images + images, self.seconds + now - self._since
        self._since = now

    def rate(self) -> float:
        """Return pictures per second since the last call, and begin anew."""
        rate = self.images / self.seconds if self.seconds else 0.0
        self.images, self.seconds = 0, 0.0
        return rate


class RunClock:
    """Counts the seconds that a run has taken, over resumes."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def go_on_from(self, seconds: float) -> None:
        """Count on from what a checkpoint says."""
        self._since = time.perf_counter() - seconds

    def seconds(self) -> float:
        """Return how long the run has been going on."""
        return time.perf_counter() - self._since


def log_step(run: "StageRun", scores: Figures) -> Figures:
    """Log the training steps since the last row, means over steps and processes, with the scores of
    the last batch; returns the figures of the row. Losses of the generator are there where one of
    these steps trained it, and so are warnings: a discriminator that trains alone may win.
    """
    means = run.means.take(run.context.processes)
    figures = means | {"images_per_s": run.throughput.rate()}
    for warning in run.monitor.row(figures) if TOTAL in figures else ():
        run.context.callbacks.on_note(f"step {run.progress.position.total}: {warning}")
    unlogged = (CONTRAST, TINT)
    logged = {name: value for name, value in figures.items() if name not in unlogged} | scores
    return _write(run, "train", logged)


def tell_step(run: "StageRun", values: Mapping[str, float]) -> None:
    """Tell callbacks that a step is done, and once how long the stage will take; `values` are those
    of its row, if one was logged.
    """
    position, stage, length = run.progress.position, run.plan.stage.name, run.intervals.length
    run.context.callbacks.on_step(StepEvent(stage, position.step, length, position.total, values))
    told = run.forecast.after_step(stage, position.step, length)
    if told:
        run.context.callbacks.on_note(told)


def log_validation(
    run: "StageRun", losses: Figures, scores: "SetScores", speed: Throughput
) -> None:
    """Log a validation: the stage's losses on held-out patches, the metrics on whole pictures, and
    how many of these a second. Bicubic interpolation's scores are told beside them.
    """
    _write(run, "val", losses | scores.figures | {"images_per_s": speed.rate()})
    step, stage = run.progress.position.total, run.plan.stage.name
    bicubic = run.progress.baseline.get("figures", {})
    shown = ", ".join(_told(column, scores, bicubic) for column in scores.judged)
    run.context.callbacks.on_note(f"validation after step {step} ({stage}): {shown}")
    if scores.again:
        made = f"{run.progress.scored_in} made NaN or infinity of {', '.join(scores.again)}"
        run.context.callbacks.on_note(f"{made}, scored in fp32")
    event = ValidationEvent(stage, step, losses, scores.figures, bicubic, scores.left_out)
    run.context.callbacks.on_validation(event)


def _told(column: str, scores: "SetScores", bicubic: Mapping[str, float]) -> str:
    """Say a metric with what there is to judge it by: bicubic's, and the pictures left out."""
    missing = scores.left_out.get(column, ())
    if column not in scores.figures:
        return f"{column} cannot judge {', '.join(missing)}"
    beside = [f"bicubic {bicubic[column]:.4g}"] if column in bicubic else []
    beside += [f"without {', '.join(missing)}"] if missing else []
    return f"{column} {scores.figures[column]:.4g}" + (f" ({'; '.join(beside)})" if beside else "")


def _write(run: "StageRun", split: LogSplit, values: Figures) -> Figures:
    """Write a row, and return its figures: all but where it stands in the run."""
    context, positions = run.context, columns_of_kind("position")
    row = log_row(run, context.log.columns, split, values)
    figures = {name: value for name, value in row.items() if name not in positions}
    if context.processes.is_main:
        context.log.write(row)
        context.trackers.row(run.progress.position.total, split, figures)
    return figures
