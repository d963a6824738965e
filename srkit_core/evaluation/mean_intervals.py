"""How sure is a mean over pictures, and is one model better than another on the same pictures?

Pictures are what is drawn: another set of the same kind would hold others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import gamma, nan, pi, sqrt
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

LEVEL: Final = 0.95
DRAWS: Final = 10_000
METHOD: Final = (
    f"95 %, bootstrap over pictures: {DRAWS:,} draws of seed 0, percentiles expanded for few "
    "pictures (Hesterberg 2015)"
)
"""What is written of an interval where it is written."""

TEST: Final = (
    "two-sided, by changes of sign of the differences (Fisher 1935): all of up to 13 pictures, "
    f"else {DRAWS:,} draws of seed 0"
)
"""What is written of a p-value where it is written."""

Interval: TypeAlias = tuple[float, float]
"""The ends of an interval."""

_AT_ONCE: Final = 1_000_000
"""How many numbers are drawn at a time."""
_FEWEST: Final = 5
_EXACT_UP_TO: Final = 13
"""Of so many pictures every choice of signs is tried; there are 2**13."""
_TOLERANCE: Final = 1e-12


@dataclass(frozen=True)
class MeanDifference:
    """By how much the mean of one model is above that of another on the same pictures: the
    difference, its interval, the p-value of a two-sided test by changes of sign, and of how many
    pictures; nan where none is judged by both.
    """

    mean: float
    interval: Interval
    p: float
    pictures: int


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the 95 % interval of the mean of finite values; (nan, nan) of fewer than five, whose
    means do not reach far enough: from the smallest to the largest of four are 88 %.

    Means of values drawn with replacement, and their percentiles. Those of few values are too
    narrow, so that they are taken further out: at Phi(-sqrt(n / (n - 1)) t) in the place of 2.5 %,
    t being Student's 97.5 % (Hesterberg 2015, "What Teachers Should Know About the Bootstrap",
    The American Statistician 69(4), section 4.2, "expanded percentile interval").
    """
    return _interval(tuple(values))


def mean_difference(values: Sequence[float], others: Sequence[float]) -> MeanDifference:
    """Compare two models on the same pictures, of which values[i] and others[i] are scores.

    The interval is that of the mean of the differences (`mean_interval`). The test asks how often
    the mean would be as far from 0 if each difference had its sign by chance (Fisher 1935, The
    Design of Experiments, section 21): all choices of signs of up to 13 pictures, else 10,000 drawn
    ones with the one seen among them (Phipson & Smyth 2010).
    """
    steps = tuple(one - other for one, other in zip(values, others, strict=True))
    if not steps:
        return MeanDifference(nan, (nan, nan), nan, 0)
    return MeanDifference(float(np.mean(steps)), _interval(steps), _sign_test(steps), len(steps))


@lru_cache(maxsize=4096)
def _interval(values: tuple[float, ...]) -> Interval:
    count = len(values)
    if count < _FEWEST:
        return nan, nan
    known = np.asarray(values)
    rng = np.random.default_rng(0)
    drawn = [known[rng.integers(0, count, (many, count))].mean(1) for many in _portions(count)]
    share = NormalDist().cdf(-sqrt(count / (count - 1)) * _student(count - 1))
    low, high = np.quantile(np.concatenate(drawn), [share, 1 - share])
    return float(low), float(high)


@lru_cache(maxsize=4096)
def _sign_test(steps: tuple[float, ...]) -> float:
    known, count = np.asarray(steps), len(steps)
    seen = abs(known.sum()) - _TOLERANCE
    if count <= _EXACT_UP_TO:
        signs = np.array(list(product((-1.0, 1.0), repeat=count)))
        return float(np.mean(np.abs(signs @ known) >= seen))
    rng = np.random.default_rng(0)
    hits = sum(int(np.sum(_flipped(rng, known, many) >= seen)) for many in _portions(count))
    return (hits + 1) / (DRAWS + 1)


def _flipped(
    rng: np.random.Generator, known: NDArray[np.float64], many: int
) -> NDArray[np.float64]:
    signs = 2.0 * rng.integers(0, 2, (many, len(known))) - 1
    return np.abs(signs @ known)


def _portions(count: int) -> Iterator[int]:
    """Yield how many draws to make at a time, of `count` numbers each; all of them together."""
    most = max(_AT_ONCE // count, 1)
    for begun in range(0, DRAWS, most):
        yield min(most, DRAWS - begun)


@lru_cache(maxsize=512)
def _student(freedom: int) -> float:
    """Return the quantile of Student's t that the level leaves half of the rest above."""
    if freedom > 300:  # where gamma overflows; the next term is below 1e-5 there (Abramowitz 26.7)
        z = NormalDist().inv_cdf((1 + LEVEL) / 2)
        return z + (z**3 + z) / (4 * freedom)
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < LEVEL else (low, middle)
    return low


def _within(bound: float, freedom: int) -> float:
    """Return how likely Student's t is between -bound and bound, by Simpson's rule."""
    at = np.linspace(0, bound, 4001)
    density = (1 + at**2 / freedom) ** (-(freedom + 1) / 2)
    weights = np.ones(4001)
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    scale = gamma((freedom + 1) / 2) / (sqrt(freedom * pi) * gamma(freedom / 2))
    return float(2 * scale * (weights @ density) * bound / 4000 / 3)
