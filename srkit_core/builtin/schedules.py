"""Which schedules come with srkit?"""

from math import cos, pi
from typing import Annotated, Literal

from srkit_core.errors import OptionError
from srkit_core.interfaces import Between, RateFactor, StepPosition
from srkit_core.specs import ScheduleSpec


def constant() -> RateFactor:
    """Keep the rate as it is."""
    return lambda position: 1.0


def cosine(
    *, over: Literal["stage", "run"] = "stage", final: Annotated[float, Between(0, 1)] = 0.0
) -> RateFactor:
    """Let the rate fall along half a cosine, without restarts.

    Args:
        over: whether it falls over the stage or over the whole run.
        final: where it ends, as a factor of the rate.
    """

    def factor(position: StepPosition) -> float:
        step, length = position.step, position.length
        if over == "run":
            step, length = position.run_step, position.run_length
        return final + (1 - final) * (1 + cos(pi * step / length)) / 2

    return factor


def multistep(
    *, milestones: tuple[int | str, ...], gamma: Annotated[float, Between(low=0)] = 0.5
) -> RateFactor:
    """Multiply the rate at each milestone.

    Args:
        milestones: when, counted from the start of the stage: steps, or texts such as "2 epochs".
        gamma: what it is multiplied by (0.5: ESRGAN, Wang et al. 2018).
    """
    for milestone in milestones:
        _steps(StepPosition(0, 1, 0, 1, 1), milestone)
    if not milestones:
        raise _misfit("milestones", "expects at least one, such as [50000, 80000]")

    def factor(position: StepPosition) -> float:
        passed = sum(position.step >= _steps(position, milestone) for milestone in milestones)
        return float(gamma**passed)

    return factor


def _steps(position: StepPosition, milestone: int | str) -> int:
    try:
        return position.steps_of(milestone)
    except ValueError as error:
        raise _misfit("milestones", str(error)) from None


def _misfit(option: str, fault: str) -> OptionError:
    hint = "--set 'schedule={name=\"multistep\", milestones=[5000, 8000]}'"
    fact = f"multistep: option '{option}' {fault}"
    return OptionError(fact, component="multistep", option=option, hint=hint)


SCHEDULES = (
    ScheduleSpec(name="constant", factory=constant, summary="the rate stays as it is"),
    ScheduleSpec(
        name="cosine",
        factory=cosine,
        summary="the rate falls along half a cosine",
        source="SGDR, Loshchilov & Hutter 2017, eq. 5, no restarts",
    ),
    ScheduleSpec(
        name="multistep",
        factory=multistep,
        summary="the rate is multiplied at milestones",
        source="ESRGAN's code, Wang et al. 2018",
        small="multistep(milestones=[2])",
    ),
)
