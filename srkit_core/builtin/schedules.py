"""Which schedules come with srkit?"""

from itertools import accumulate, pairwise
from math import cos, pi
from typing import Annotated, Literal, TypeAlias

from srkit_core.builtin.one_cycle import one_cycle
from srkit_core.builtin.plateau import reduce_on_plateau
from srkit_core.errors import OptionError
from srkit_core.interfaces import Between, RateFactor, StepPosition
from srkit_core.specs import ScheduleSpec

_Share: TypeAlias = Annotated[float, Between(0, 1)]
_MILESTONES = "--set 'schedule={name=\"multistep\", milestones=[5000, 8000]}'"
_PERIODS = "--set 'schedule={name=\"cosine\", periods=[5000, 5000], restart_weights=[1.0, 0.5]}'"
_EVERY = '--set \'schedule={name="exponential", gamma=0.5, every="2 epochs"}\''


def constant() -> RateFactor:
    """Keep the rate as it is."""
    return lambda position: 1.0


def cosine(
    *,
    over: Literal["stage", "run"] = "stage",
    final: _Share = 0.0,
    periods: tuple[int | str, ...] = (),
    restart_weights: tuple[Annotated[float, Between(low=0)], ...] = (),
) -> RateFactor:
    """Let the rate fall along half a cosine, or along one after the other.

    Args:
        over: whether it falls over the stage or over the whole run.
        final: where it ends, as a factor of the rate (BasicSR's eta_min over the rate).
        periods: how long each half cosine takes, steps or texts such as "2 epochs"; the last step
            of one is its end, and after all of them the rate stays there. Empty: one half cosine.
        restart_weights: what the rate above its end is multiplied with in each period. Empty: 1.
    """
    _check_lengths("cosine", "periods", periods, _PERIODS)
    if restart_weights and len(restart_weights) != len(periods):
        fault = f"has {len(restart_weights)} weights, and there are {len(periods)} periods"
        raise _misfit("cosine", "restart_weights", fault, _PERIODS)
    weights = restart_weights or (1.0,) * len(periods)

    def factor(position: StepPosition) -> float:
        step, length = _place(position, over)
        if not periods:
            return _falling(step / length, final)
        ends = list(accumulate(map(position.steps_of, periods), initial=0))
        for (start, end), weight in zip(pairwise(ends), weights, strict=True):
            if step <= end:
                return final + weight * (_falling((step - start) / (end - start), final) - final)
        return final

    return factor


def multistep(
    *, milestones: tuple[int | str, ...], gamma: Annotated[float, Between(low=0)] = 0.5
) -> RateFactor:
    """Multiply the rate at each milestone.

    Args:
        milestones: when, counted from the start of the stage: steps, or texts such as "2 epochs".
        gamma: what it is multiplied by (0.5: ESRGAN, Wang et al. 2018).
    """
    _check_lengths("multistep", "milestones", milestones, _MILESTONES)
    if not milestones:
        fault = "expects at least one, such as [50000, 80000]"
        raise _misfit("multistep", "milestones", fault, _MILESTONES)

    def factor(position: StepPosition) -> float:
        passed = sum(position.step >= position.steps_of(one) for one in milestones)
        return float(gamma**passed)

    return factor


def exponential(
    *, gamma: Annotated[float, Between(low=0)], every: int | str = 1, staircase: bool = False
) -> RateFactor:
    """Multiply the rate by the same number again and again.

    Args:
        gamma: what it is multiplied by.
        every: how long that takes: steps, or a text such as "1 epoch".
        staircase: whether the rate stays until then, as torch's StepLR does, or falls with each
            step.
    """
    _check_lengths("exponential", "every", (every,), _EVERY)

    def factor(position: StepPosition) -> float:
        interval = position.steps_of(every)
        times = position.step // interval if staircase else position.step / interval
        return float(gamma**times)

    return factor


def polynomial(
    *,
    power: Annotated[float, Between(low=0)] = 1.0,
    final: _Share = 0.0,
    over: Literal["stage", "run"] = "stage",
) -> RateFactor:
    """Let the rate fall as a power of what is left.

    Args:
        power: the exponent; 1 is a straight line (0.9: DeepLab, Chen et al. 2017).
        final: where it ends, as a factor of the rate.
        over: whether it falls over the stage or over the whole run.
    """

    def factor(position: StepPosition) -> float:
        step, length = _place(position, over)
        return float(final + (1 - final) * (1 - step / length) ** power)

    return factor


def _place(position: StepPosition, over: str) -> tuple[int, int]:
    if over == "run":
        return position.run_step, position.run_length
    return position.step, position.length


def _falling(done: float, final: float) -> float:
    return final + (1 - final) * (1 + cos(pi * done)) / 2


def _check_lengths(schedule: str, option: str, lengths: tuple[int | str, ...], hint: str) -> None:
    for length in lengths:
        try:
            StepPosition(0, 1, 0, 1, 1).steps_of(length)
        except ValueError as error:
            raise _misfit(schedule, option, str(error), hint) from None


def _misfit(schedule: str, option: str, fault: str, hint: str) -> OptionError:
    fact = f"{schedule}: option '{option}' {fault}"
    return OptionError(fact, component=schedule, option=option, hint=hint)


SCHEDULES = (
    ScheduleSpec(name="constant", factory=constant, summary="the rate stays as it is"),
    ScheduleSpec(
        name="cosine",
        factory=cosine,
        summary="the rate falls along half a cosine, once or in periods",
        source="SGDR, Loshchilov & Hutter 2017, eq. 5; periods: BasicSR's CosineAnnealingRestartLR",
    ),
    ScheduleSpec(
        name="multistep",
        factory=multistep,
        summary="the rate is multiplied at milestones",
        source="ESRGAN's code, Wang et al. 2018",
        small="multistep(milestones=[2])",
    ),
    ScheduleSpec(
        name="exponential",
        factory=exponential,
        summary="the rate is multiplied again and again",
        source="torch's ExponentialLR, and with staircase StepLR",
        small="exponential(gamma=0.9)",
    ),
    ScheduleSpec(
        name="polynomial",
        factory=polynomial,
        summary="the rate falls as a power of what is left",
        source="torch's PolynomialLR; ParseNet, Liu et al. 2015, section 3.3",
    ),
    ScheduleSpec(
        name="one-cycle",
        factory=one_cycle,
        summary="the rate rises to its peak and falls to nearly nothing",
        source="super-convergence, Smith & Topin 2017; the numbers of torch's OneCycleLR",
    ),
    ScheduleSpec(
        name="plateau",
        factory=reduce_on_plateau,
        summary="the rate falls when a figure of validation improves no more",
        source="torch's ReduceLROnPlateau",
        small="plateau(patience=1)",
        figure_option="on",
    ),
)
