"""What is logged of a step and of a validation, and who is told?"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import torch

from srkit_core.callbacks import StepEvent, ValidationEvent
from srkit_core.engine.gan_monitor import CONTRAST, TINT
from srkit_core.engine.logs.columns import STD, LogSplit, columns_of_kind, log_row
from srkit_core.engine.objective import Values

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun

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


def log_step(run: "StageRun", values: Values, scores: Figures) -> Figures:
    """Log a training step, means over processes, with the scores of its batch; returns the figures
    of the row.
    """
    names = list(values)
    stacked = torch.stack([values[name].float() for name in names])
    means = run.context.processes.mean(stacked).tolist()
    figures = dict(zip(names, means, strict=True)) | {"images_per_s": run.throughput.rate()}
    for warning in run.monitor.row(figures):
        run.context.callbacks.on_note(f"step {run.progress.position.total}: {warning}")
    unlogged = (CONTRAST, TINT)
    logged = {name: value for name, value in figures.items() if name not in unlogged} | scores
    return _write(run, "train", logged)


def tell_step(run: "StageRun", values: Mapping[str, float]) -> None:
    """Tell callbacks that a step is done; `values` are those of its row, if one was logged."""
    position, stage = run.progress.position, run.plan.stage.name
    event = StepEvent(stage, position.step, run.intervals.length, position.total, values)
    run.context.callbacks.on_step(event)


def log_validation(run: "StageRun", losses: Figures, scores: Figures, speed: Throughput) -> None:
    """Log a validation: the stage's losses on held-out patches, the metrics on whole pictures, and
    how many of these a second.
    """
    _write(run, "val", losses | scores | {"images_per_s": speed.rate()})
    step, stage = run.progress.position.total, run.plan.stage.name
    means = {name: value for name, value in scores.items() if not name.endswith(STD)}
    shown = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
    run.context.callbacks.on_note(f"validation after step {step} ({stage}): {shown}")
    run.context.callbacks.on_validation(ValidationEvent(stage, step, losses, scores))


def _write(run: "StageRun", split: LogSplit, values: Figures) -> Figures:
    """Write a row, and return its figures: all but where it stands in the run."""
    context, positions = run.context, columns_of_kind("position")
    row = log_row(run, context.log.columns, split, values)
    figures = {name: value for name, value in row.items() if name not in positions}
    if context.processes.is_main:
        context.log.write(row)
        context.trackers.row(run.progress.position.total, split, figures)
    return figures
