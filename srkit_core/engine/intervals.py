"""When is what due in a stage?"""

from dataclasses import dataclass
from math import ceil
from typing import Final

from srkit_core.fields import Span
from srkit_core.plan import StagePlan

LEAST_VALIDATION_INTERVAL: Final = 200


@dataclass(frozen=True)
class StageIntervals:
    """When things are due in a stage, in steps."""

    length: int
    steps_per_epoch: int
    lr_warmup: int
    log: int
    validate: int
    checkpoint: int
    milestones: frozenset[int] = frozenset()
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


def intervals_of(stage: StagePlan, crops: int) -> StageIntervals:
    """Return when things are due in a stage whose epochs have so many crops.

    Without an interval, validation and checkpoints come every epoch, at least 200 steps apart.
    """
    fields = stage.stage
    epoch = ceil(crops / fields.batch)
    length = fields.length.steps(epoch)
    usual = Span(max(epoch, LEAST_VALIDATION_INTERVAL))
    validate = (fields.validate_every or usual).steps(epoch)
    checkpoint = (fields.checkpoint_every or Span(validate)).steps(epoch)
    milestones = frozenset(span.steps(epoch) for span in fields.keep_weights_at)
    log = fields.log_every.steps(epoch)
    warmup = fields.lr_warmup.steps(epoch)
    return StageIntervals(
        length,
        epoch,
        warmup,
        log,
        validate,
        checkpoint,
        milestones,
        fields.freeze.steps(epoch),
        fields.generator_every,
    )
