"""Do intervals hold the mean as often as they say, and do tests find differences and no others?"""

import json
from math import isnan, sqrt

import numpy as np
import pytest
from scipy import stats

from srkit_core.evaluation.mean_intervals import _student, mean_difference, mean_interval


@pytest.mark.parametrize("freedom", [1, 4, 29, 300, 301, 2000])
def test_students_quantile_is_that_of_scipy(freedom):
    assert _student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=2e-5)


@pytest.mark.parametrize("count", [5, 30])
def test_intervals_hold_the_mean_nineteen_times_in_twenty(count):
    rng, held = np.random.default_rng(3), 0
    for _ in range(300):
        low, high = mean_interval(rng.normal(30, 2, count).tolist())
        held += low <= 30 <= high
    assert held / 300 == pytest.approx(0.95, abs=0.03)


def test_an_interval_is_as_wide_as_that_of_a_normal_mean_and_always_the_same():
    values = np.random.default_rng(0).normal(30, 2, 100).tolist()
    low, high = mean_interval(values)
    wide = 2 * stats.t.ppf(0.975, 99) * np.std(values, ddof=1) / sqrt(100)
    assert high - low == pytest.approx(wide, rel=0.03)
    assert mean_interval(list(values)) == (low, high)
    assert mean_interval(values[::-1]) == pytest.approx((low, high), abs=0.02)


def test_few_pictures_have_no_interval():
    assert all(isnan(end) for end in mean_interval([1.0, 2.0, 3.0, 4.0]))
    assert mean_interval([7.0] * 5) == (7.0, 7.0)


def test_the_sign_test_counts_every_choice_of_signs():
    """Of five differences of one sign, two of the 32 choices are as far from 0."""
    found = mean_difference([2.0, 3.0, 4.0, 5.0, 6.0], [1.0] * 5)
    assert (found.mean, found.p, found.pictures) == (3.0, 2 / 32, 5)
    mixed = mean_difference([1.0, -2.0, 3.0], [0.0] * 3)
    assert mixed.p == pytest.approx(6 / 8)
    assert mean_difference([1.0] * 5, [1.0] * 5).p == 1.0
    assert isnan(mean_difference([], []).p)


def test_p_values_are_even_where_nothing_differs_and_small_where_something_does():
    rng = np.random.default_rng(5)
    found = [mean_difference(rng.normal(size=40).tolist(), [0.0] * 40).p for _ in range(200)]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)
    other = rng.normal(30, 3, 40)
    better = mean_difference((other + rng.normal(0.2, 0.1, 40)).tolist(), other.tolist())
    assert better.mean == pytest.approx(0.2, abs=0.05)
    assert better.interval[0] > 0.1
    assert better.p == 1 / 10_001


def test_the_test_agrees_with_that_of_scipy():
    steps = np.random.default_rng(1).normal(0.3, 1, 12)
    theirs = stats.permutation_test(
        (steps,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert mean_difference(steps.tolist(), [0.0] * 12).p == pytest.approx(theirs.pvalue)
    assert json.dumps(mean_difference([1.0], [0.5]).p) == "1.0"
