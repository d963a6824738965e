"""What is the learning rate at this step?"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, pi

from srkit_core.learning import Ramp, Schedule


@dataclass(frozen=True)
class StepPosition:
    """Where a step is: `step` of `length` in its stage, `run_step` of `run_length` in the run, all
    in steps from 0.
    """

    step: int
    length: int
    run_step: int
    run_length: int
    steps_per_epoch: int


def rate_factor(schedule: Schedule, lr_warmup: int, place: StepPosition) -> float:
    """Return what the stage's rate is multiplied with; a pure function of the step.

    During the first `lr_warmup` steps the rate rises linearly, reaching its full value at the last
    of them.
    """
    rise = min((place.step + 1) / lr_warmup, 1.0) if lr_warmup else 1.0
    return rise * _scheduled(schedule, place)


def ramp_factors(ramps: Mapping[str, Ramp], place: StepPosition) -> dict[str, float]:
    """Return what the weight of each ramped loss is multiplied with.

    A pure function of the step.
    """
    factors = {}
    for label, ramp in ramps.items():
        done = min(place.step / ramp.over.steps(place.steps_per_epoch), 1.0)
        factors[label] = ramp.start + (1 - ramp.start) * done
    return factors


def _scheduled(schedule: Schedule, place: StepPosition) -> float:
    match schedule.name:
        case "constant":
            return 1.0
        case "cosine":
            done = (
                place.step / place.length
                if schedule.over == "stage"
                else place.run_step / place.run_length
            )
            return schedule.final + (1 - schedule.final) * (1 + cos(pi * done)) / 2
        case "multistep":
            passed = sum(
                place.step >= milestone.steps(place.steps_per_epoch)
                for milestone in schedule.milestones
            )
            return float(schedule.gamma**passed)
