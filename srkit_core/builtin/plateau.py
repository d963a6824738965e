"""What is the rate of a stage that falls when validation improves no more?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from srkit_core.interfaces import Between, PastValidation, RateFactor, StepPosition


def reduce_on_plateau(
    *,
    on: str = "loss",
    factor: Annotated[float, Between(0, 1)] = 0.1,
    patience: Annotated[int, Between(low=0)] = 10,
    threshold: Annotated[float, Between(low=0)] = 1e-4,
    threshold_mode: Literal["rel", "abs"] = "rel",
    cooldown: Annotated[int, Between(low=0)] = 0,
    final: Annotated[float, Between(0, 1)] = 0.0,
) -> RateFactor:
    """Multiply the rate when so many validations of the stage were no better than the best. Options
    and numbers are those of torch's ReduceLROnPlateau, stepped at each validation, without its eps.

    Args:
        on: the figure it goes by: a metric of validation, or loss, the generator's validation loss.
        factor: what the rate is multiplied by.
        patience: how many validations without a better figure are waited for; the next one acts.
        threshold: how much better a figure has to be.
        threshold_mode: whether that is a share of the best figure (rel) or a difference (abs).
        cooldown: for how many validations nothing is counted after that.
        final: the smallest factor of the stage's rate (torch's min_lr over the rate).
    """
    margin = _Margin(threshold, relative=threshold_mode == "rel")

    def rate(position: StepPosition) -> float:
        sign = 1 if on in position.higher_is_better else -1
        now, bad, cooling = 1.0, 0, 0
        for improved in _improvements(position.validations, on, sign, margin):
            bad = 0 if improved or cooling else bad + 1
            cooling = max(cooling - 1, 0)
            if bad > patience:
                now, bad, cooling = max(now * factor, final), 0, cooldown
        return now

    return rate


@dataclass(frozen=True)
class _Margin:
    """How much better a figure has to be than the best, a share of it or a difference."""

    amount: float
    relative: bool

    def beyond(self, best: float, sign: int) -> float:
        """Return what a figure has to pass, upwards where `sign` is 1."""
        return best * (1 + sign * self.amount) if self.relative else best + sign * self.amount


def _improvements(
    validations: Iterable[PastValidation], on: str, sign: int, margin: _Margin
) -> Iterable[bool]:
    """Yield of each validation that has the figure whether it is better than the best before.

    Figures of other pictures do not compare: the first one of those is the best.
    """
    best, judges = None, ""
    for one in validations:
        if on not in one.figures:
            continue
        value = one.figures[on]
        begins = best is None or one.judges != judges
        improved = begins or sign * value > sign * margin.beyond(best or 0.0, sign)
        best, judges = value if improved else best, one.judges
        yield improved
