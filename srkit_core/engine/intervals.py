"""When is what due in a stage?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from srkit_core.fields import Span
from srkit_core.plan import StagePlan

LEAST_INTERVAL: Final = 200
"""Steps that lie at least between two validations, where nobody says it."""


@dataclass(frozen=True)
class Milestones:
    """Steps of a stage after which something is kept for good: some, and every so many."""

    steps: frozenset[int] = frozenset()
    every: int | None = None

    def __contains__(self, step: int) -> bool:
        """Whether something is kept after step number `step`, from 1."""
        return step in self.steps or (self.every is not None and step % self.every == 0)

    def up_to(self, length: int) -> int:
        """Return how many there are in a stage of so many steps."""
        rare = {step for step in self.steps if step <= length}
        if self.every is None:
            return len(rare)
        return length // self.every + sum(step % self.every > 0 for step in rare)


@dataclass(frozen=True)
class StageIntervals:
    """When things are due in a stage, in steps."""

    length: int
    steps_per_epoch: int
    lr_warmup: int
    log: int
    validate: int
    checkpoint: int
    kept_weights: Milestones = Milestones()
    kept_checkpoints: Milestones = Milestones()
    freeze: int = 0
    generator_every: int = 1

    def due(self, interval: int, step: int) -> bool:
        """Whether something with an interval is due after step number `step`, from 1; always at the
        end.
        """
        return step % interval == 0 or step == self.length

    def logs(self, step: int) -> bool:
        """Whether a row is due; the first and last step are always logged."""
        return step == 1 or self.due(self.log, step)

    def trains_generator(self, step: int) -> bool:
        """Whether the generator is updated in step number `step`, from 1; the discriminator is in
        each. Counted as BasicSR counts `net_d_init_iters` and `net_d_iters`.
        """
        return step > self.freeze and step % self.generator_every == 0

    @property
    def first_update(self) -> int:
        """The first step in which the generator is updated."""
        return -(-(self.freeze + 1) // self.generator_every) * self.generator_every

    @property
    def updates(self) -> int:
        """In how many of its steps the generator is updated."""
        frozen = min(self.freeze, self.length)
        return self.length // self.generator_every - frozen // self.generator_every

    def saves(self, step: int) -> bool:
        """Whether a checkpoint is due, be it one that is kept for good."""
        return self.due(self.checkpoint, step) or step in self.kept_checkpoints


def intervals_of(stage: StagePlan, crops: int) -> StageIntervals:
    """Return when things are due in a stage whose epochs have so many crops."""
    fields = stage.stage
    epoch = ceil(crops / fields.batch)
    validate = (fields.validate_every or Span(LEAST_INTERVAL)).steps(epoch)
    return StageIntervals(
        length=fields.length.steps(epoch),
        steps_per_epoch=epoch,
        lr_warmup=fields.lr_warmup.steps(epoch),
        log=fields.log_every.steps(epoch),
        validate=validate,
        checkpoint=(fields.checkpoint_every or Span(validate)).steps(epoch),
        kept_weights=_milestones(fields.keep_weights_at, fields.keep_weights_every, epoch),
        kept_checkpoints=_milestones(
            fields.keep_checkpoints_at, fields.keep_checkpoints_every, epoch
        ),
        freeze=fields.freeze.steps(epoch),
        generator_every=fields.generator_every,
    )


def _milestones(at: Sequence[Span], every: Span | None, epoch: int) -> Milestones:
    steps = frozenset(span.steps(epoch) for span in at)
    return Milestones(steps, None if every is None else every.steps(epoch))
