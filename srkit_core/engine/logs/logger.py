"""What is told of a step and of a validation, and to whom?"""

import time
from dataclasses import dataclass, field
from typing import Any

import torch

from srkit_core.engine.checkpoints.checkpoint import Progress
from srkit_core.engine.gan_monitor import CONTRAST, TINT
from srkit_core.engine.logs.csv_log import peak_memory_mb
from srkit_core.engine.objective import Values
from srkit_core.engine.stage_run import RunContext, StageRun
from srkit_core.engine.validator import Figures


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
        self.images, self.seconds, self._since = (
            self.images + images,
            self.seconds + now - self._since,
            now,
        )

    def rate(self) -> float:
        """Return pictures per second since the last call, and begin anew."""
        rate = self.images / self.seconds if self.seconds else 0.0
        self.images, self.seconds = 0, 0.0
        return rate


def tell_step(
    setting: RunContext,
    live: StageRun,
    progress: Progress,
    values: Values,
    clock: Throughput,
    scores: Figures,
) -> Figures:
    """Log a training step, means over processes, with the scores of its batch.

    Returns the figures of the row.
    """
    names = list(values)
    means = setting.devices.mean(torch.stack([values[name].float() for name in names])).tolist()
    figures = dict(zip(names, means, strict=True)) | {"images_per_s": clock.rate()}
    for warning in live.watch.rows(figures):
        setting.listener.note(f"step {progress.position.total}: {warning}")
    logged = {
        name: value for name, value in figures.items() if name not in (CONTRAST, TINT)
    } | scores
    _write(setting, live, progress, "train", logged)
    return logged


def tell_validation(
    setting: RunContext,
    live: StageRun,
    progress: Progress,
    losses: Figures,
    scores: Figures,
    clock: Throughput,
) -> None:
    """Log a validation: the stage's losses on held-out patches, the metrics on whole pictures, and
    how many of these a second.
    """
    _write(setting, live, progress, "val", losses | scores | {"images_per_s": clock.rate()})
    shown = ", ".join(
        f"{name} {value:.4g}" for name, value in scores.items() if not name.endswith("/std")
    )
    setting.listener.note(
        f"validation after step {progress.position.total} ({live.plan.stage.name}): {shown}"
    )


def _write(
    setting: RunContext, live: StageRun, progress: Progress, split: str, figures: Figures
) -> None:
    if not setting.devices.is_main:
        return
    rates = {
        f"lr{'' if name == 'generator' else '/' + name}": player.rate
        for name, player in live.by_name().items()
    }
    measured = {**rates, **figures, "memory_mb": round(peak_memory_mb(setting.devices.device), 1)}
    row: dict[str, Any] = {
        "step": progress.position.total,
        "epoch": progress.epoch,
        "stage": live.plan.stage.name,
        "split": split,
    }
    setting.log.write(row | measured)
    setting.trackers.row(progress.position.total, split, measured)
