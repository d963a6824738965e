"""How far apart are validations and checkpoints where nobody said it?

As far as makes them take about a twentieth of the time. That is computed from counts of pictures,
pixels and parameters and never from a clock, so that a recipe is the same run on every machine.

Per parameter of the generator, a step takes six operations for each LR pixel of its batch (forward,
and twice that backward), a validation two for each of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, prod
from typing import Final

from srkit_core.data.picture import Picture
from srkit_core.engine.disk_use import Parameters, checkpoint_bytes
from srkit_core.engine.intervals import LEAST_INTERVAL
from srkit_core.fields import Span
from srkit_core.models.parameters import counted
from srkit_core.plan import Plan
from srkit_core.recipe import Stage

_FIELDS: Final = ("validate_every", "checkpoint_every")
_SHARE: Final = 0.05
_LEAST_LEARNT: Final = 8_192
"""LR pixels of a batch below which a step takes no less time (empirical: layers one by one)."""

_JUDGING: Final = 50_000
"""Operations that decoding and judging an HR pixel are worth, in the time of convolutions
(empirical: PSNR and SSIM in float64 on two CPU cores, 6.6e4).
"""

_WRITING: Final = 100_000
"""Operations that a byte of a checkpoint is worth (empirical: 100 TFLOP/s beside 1 GB/s)."""


@dataclass(frozen=True)
class _Counts:
    """Parameters of the generator, bytes of a checkpoint, and HR pixels that validation sees."""

    parameters: int
    checkpoint_bytes: int
    validated_pixels: int


def count_of_networks(planned: Plan) -> Parameters:
    """Return how many numbers the networks of a plan learn, counted once on each machine."""
    judge = planned.discriminator
    return Parameters(counted(planned.generator), counted(judge) if judge else 0)


def with_intervals(
    planned: Plan, parameters: Parameters, validation: Mapping[str, Sequence[Picture]]
) -> Plan:
    """Return a plan in which every stage says when it is validated, on these sets, and saved."""
    scale, recipe = planned.recipe.scale, planned.recipe
    pixels = sum(
        _seen(picture.sides(scale), planned.validation.of(name).crop)
        for name, pictures in validation.items()
        for picture in pictures
    )
    counts = _Counts(parameters.generator, checkpoint_bytes(recipe, parameters), pixels)
    return _with_stages(planned, [_decided(one, counts, scale) for one in recipe.stages])


def with_recorded_intervals(planned: Plan, recorded: tuple[Stage, ...]) -> Plan:
    """Return a plan that takes from the record of its run when stages are validated and saved,
    where nobody says it now.
    """
    stages = planned.recipe.stages
    if len(stages) != len(recorded):
        return planned
    return _with_stages(planned, list(map(_as_recorded, stages, recorded)))


def _seen(sides: tuple[int, int], crop: int) -> int:
    """Return how many pixels of a picture are scored, of which a crop may be all."""
    return prod(min(side, crop) if crop else side for side in sides)


def _with_stages(planned: Plan, stages: Sequence[Stage]) -> Plan:
    """Return a plan whose stages are validated and saved when these are."""
    bound = tuple(
        replace(one, stage=one.stage.model_copy(update=_intervals(stage)))
        for one, stage in zip(planned.stages, stages, strict=True)
    )
    recipe = planned.recipe.model_copy(update={"stages": tuple(stages)})
    return replace(planned, recipe=recipe, stages=bound)


def _intervals(stage: Stage) -> dict[str, Span | None]:
    return {name: getattr(stage, name) for name in _FIELDS}


def _as_recorded(stage: Stage, before: Stage) -> Stage:
    unsaid = [name for name in _FIELDS if getattr(stage, name) is None]
    return stage.model_copy(update={name: getattr(before, name) for name in unsaid})


def _decided(stage: Stage, counts: _Counts, scale: int) -> Stage:
    validate = stage.validate_every or Span(_interval(stage, counts, scale))
    checkpoint = stage.checkpoint_every or validate
    return stage.model_copy(update={"validate_every": validate, "checkpoint_every": checkpoint})


def _interval(stage: Stage, counts: _Counts, scale: int) -> int:
    """Return after how many steps a validation and a checkpoint cost their share, rounded up."""
    learnt = max(stage.batch * (stage.patch // scale) ** 2, _LEAST_LEARNT)
    step = 6 * counts.parameters * learnt
    seen = counts.validated_pixels
    validation = 2 * counts.parameters * seen / scale**2 + _JUDGING * seen
    writing = _WRITING * counts.checkpoint_bytes
    return max(_two_digits(ceil((validation + writing) / step / _SHARE)), LEAST_INTERVAL)


def _two_digits(number: int) -> int:
    unit = int(10 ** max(len(str(number)) - 2, 0))
    return ceil(number / unit) * unit
