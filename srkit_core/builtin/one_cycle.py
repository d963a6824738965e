"""What is the rate of a stage that rises to its peak once and falls?"""

from collections.abc import Callable
from itertools import pairwise
from math import cos, pi
from typing import Annotated, Literal

from srkit_core.interfaces import Between, RateFactor, StepPosition


def one_cycle(
    *,
    pct_start: Annotated[float, Between(0, 1)] = 0.3,
    anneal_strategy: Literal["cos", "linear"] = "cos",
    div_factor: Annotated[float, Between(low=1)] = 25.0,
    final_div_factor: Annotated[float, Between(low=1)] = 1e4,
    three_phase: bool = False,
    over: Literal["stage", "run"] = "stage",
) -> RateFactor:
    """Let the rate of the stage be a peak: rise to it, and fall to nearly nothing. Options and
    numbers are those of torch's OneCycleLR; the momentum stays as it is.

    Args:
        pct_start: which share of the steps the rise takes.
        anneal_strategy: along half a cosine or a straight line.
        div_factor: the rate over that of the first step.
        final_div_factor: the rate of the first step over that of the last.
        three_phase: whether it falls to where it began as fast as it rose, and only then further.
        over: whether the cycle is the stage or the whole run.
    """
    first, last = 1 / div_factor, 1 / div_factor / final_div_factor
    rates = (first, 1.0, first, last) if three_phase else (first, 1.0, last)
    between = _cosine if anneal_strategy == "cos" else _line

    def factor(position: StepPosition) -> float:
        step, length = position.step, position.length
        if over == "run":
            step, length = position.run_step, position.run_length
        rise = pct_start * length - 1
        turns = (0, rise, 2 * rise, length - 1) if three_phase else (0, rise, length - 1)
        return _at(step, turns, rates, between)

    return factor


def _at(
    step: int,
    turns: tuple[float, ...],
    rates: tuple[float, ...],
    between: Callable[[float, float, float], float],
) -> float:
    """Return the rate at a step between two of the turns; the last phase takes what is left."""
    phases = list(zip(pairwise(turns), pairwise(rates), strict=True))
    (start, end), (before, after) = next(
        (one for one in phases[:-1] if step <= one[0][1]), phases[-1]
    )
    return between(before, after, (step - start) / (end - start) if end > start else 1.0)


def _cosine(before: float, after: float, done: float) -> float:
    return after + (before - after) / 2 * (1 + cos(pi * done))


def _line(before: float, after: float, done: float) -> float:
    return before + (after - before) * done
