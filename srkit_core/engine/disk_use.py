"""How much disk will a run take?

Counted before it starts, in float32 and with two numbers of optimizer state for each parameter, as
Adam keeps: other optimizers keep as many or fewer. Pictures and logs are not counted.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from srkit_core.engine.intervals import Milestones, StageIntervals
from srkit_core.file_sizes import said_size
from srkit_core.plan import Plan, StagePlan
from srkit_core.recipe import Recipe

_BYTES: Final = 4
_BESIDE_METRICS: Final = 2
"""Weights that a stage keeps beside the best by each metric: its last, and its best by the loss."""


@dataclass(frozen=True)
class Parameters:
    """How many numbers the networks of a recipe learn; a discriminator that is not there none."""

    generator: int
    discriminator: int = 0


@dataclass(frozen=True)
class DiskUse:
    """What a run keeps at its end: files of each sort, and the bytes of one."""

    checkpoints: int
    checkpoint_bytes: int
    weights: int
    weights_bytes: int
    discriminators: int = 0
    discriminator_bytes: int = 0

    @property
    def total(self) -> int:
        """All bytes."""
        weights = self.weights * self.weights_bytes
        judges = self.discriminators * self.discriminator_bytes
        return self.checkpoints * self.checkpoint_bytes + weights + judges

    def __str__(self) -> str:
        """Say it in a line."""
        size = said_size(self.discriminator_bytes)
        judges = f", {self.discriminators} of discriminators of {size}"
        return (
            f"up to {said_size(self.total)} of disk: {self.checkpoints} checkpoints of "
            f"{said_size(self.checkpoint_bytes)}, {self.weights} files of weights of "
            f"{said_size(self.weights_bytes)}{judges if self.discriminators else ''}"
        )


def checkpoint_bytes(recipe: Recipe, parameters: Parameters) -> int:
    """Return the size of a checkpoint: networks, their optimizers, and the moving average."""
    averaged = any(stage.ema is not None for stage in recipe.stages)
    learnt = parameters.generator + parameters.discriminator
    pools = [stage.pool * _example_values(stage.patch, recipe.scale) for stage in recipe.stages]
    return _BYTES * (3 * learnt + (parameters.generator if averaged else 0) + max(pools))


def disk_use(planned: Plan, intervals: Sequence[StageIntervals], parameters: Parameters) -> DiskUse:
    """Return what a run of a plan keeps."""
    stages = list(zip(planned.stages, intervals, strict=True))
    for_good = sum(one.kept_checkpoints.up_to(one.length) for one in intervals)
    judges = sum(stage.adversarial for stage in planned.stages)
    passing = max(_passing(stage, one) for stage, one in stages)
    weights = 1 + sum(
        len(planned.validation.by_label) + _BESIDE_METRICS + one.kept_weights.up_to(one.length)
        for one in intervals
    )
    return DiskUse(
        for_good + passing,
        checkpoint_bytes(planned.recipe, parameters),
        weights,
        _BYTES * parameters.generator,
        judges,
        _BYTES * parameters.discriminator if judges else 0,
    )


def disk_notes(
    planned: Plan, intervals: Sequence[StageIntervals], parameters: Parameters, folder: Path
) -> Iterator[str]:
    """Say how much a run keeps in its folder, and warn where there is no room for it."""
    use = disk_use(planned, intervals, parameters)
    yield f"the run keeps {use}"
    yield from lack_of_room(use.total, folder)


def lack_of_room(size: int, folder: Path) -> Iterator[str]:
    """Warn of what was just said to take so many bytes in a folder, where there is no room for
    them.
    """
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    free = shutil.disk_usage(there).free
    if free < size:
        yield f"warning: that is more than the {said_size(free)} that are free in {there}"


def _passing(stage: StagePlan, intervals: StageIntervals) -> int:
    made = Milestones(frozenset({intervals.length}), intervals.checkpoint)
    return min(stage.stage.keep, made.up_to(intervals.length))


def _example_values(patch: int, scale: int) -> int:
    """Return how many numbers an example of a pool holds: LR, HR and target, in RGB."""
    return 3 * ((patch // scale) ** 2 + 2 * patch**2)
