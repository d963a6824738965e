"""Is the time that work takes said as a person would, and of long work at its beginning?"""

import pytest

from srkit_core.durations import duration, pace
from srkit_core.engine.logs.forecast import Forecast


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0:00 min"),
        (42, "0:42 min"),
        (725, "12:05 min"),
        (3599.6, "1 h 00 min"),
        (12_000, "3 h 20 min"),
        (2 * 86_400 - 60, "47 h 59 min"),
        (2.4 * 86_400, "2.4 days"),
        (6.7e6, "78 days"),
        (1e12, "11,574,074 days"),
    ],
)
def test_a_duration_is_said_as_far_as_it_matters(seconds, said):
    assert duration(seconds) == said


def test_a_pace_is_in_seconds_or_thousandths():
    assert (pace(6.7), pace(0.0123), pace(61.25)) == ("6.7 s", "12.3 ms", "61.2 s")


def told(seconds, length, steps=300, done=0):
    """Return what is said, and after which step, when each takes so many seconds."""
    now = iter(range(1, 1000))
    forecast = Forecast(clock=lambda: seconds * next(now))
    found = [(n, forecast.after_step("main", done + n, length)) for n in range(1, steps + 1)]
    return [(n, text) for n, text in found if text]


def test_a_run_of_weeks_says_its_end_after_its_first_steps_and_once():
    ((step, text),) = told(6.7, 1_000_000)
    assert step == 4
    assert text.startswith(
        "6.7 s a step: the other 999,996 of stage 'main' take about 78 days, until "
    )
    assert text.endswith(", validation not counted")


@pytest.mark.parametrize(
    ("seconds", "length", "step"),
    [(0.01, 1_000_000, 101), (1, 5000, 6), (90, 60, 4), (1e9, 10**9, 4)],
)
def test_the_pace_is_taken_of_steps_enough(seconds, length, step):
    assert [number for number, _ in told(seconds, length)] == [step]


@pytest.mark.parametrize(("seconds", "length"), [(0.01, 10_000), (1, 300), (0, 500)])
def test_what_ends_soon_says_nothing(seconds, length):
    assert told(seconds, length) == []
