"""When will a stage that goes on for hours or weeks be over?"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from srkit_core.durations import duration, pace

LONG: Final = 3600.0
"""Seconds: what ends sooner has a bar, or lines, that say so."""
_FEW_STEPS, _FEW_SECONDS, _MANY_STEPS = 3, 5.0, 100


class Forecast:
    """Says once, after the first steps of a stage, how long the others take.

    The first step is not counted, as it also chooses algorithms. `clock` counts seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._first = 0.0
        self._steps = -1
        self._over = False

    def after_step(self, stage: str, done: int, length: int) -> str | None:
        """Take a step; return what there is to say of a stage with `done` of `length` steps."""
        if self._over:
            return None
        now, self._steps = self._clock(), self._steps + 1
        if self._steps == 0:
            self._first = now
        seconds = now - self._first
        enough = self._steps >= _FEW_STEPS and seconds >= _FEW_SECONDS
        if not enough and self._steps < _MANY_STEPS:
            return None
        self._over = True
        return _told(stage, seconds / self._steps, length - done)


def _told(stage: str, seconds: float, left: int) -> str | None:
    if seconds * left < LONG:
        return None
    try:
        end = f", until {datetime.now() + timedelta(seconds=seconds * left):%d %b %Y %H:%M}"
    except OverflowError:  # a year of five digits
        end = ""
    return (
        f"{pace(seconds)} a step: the other {left:,} of stage '{stage}' take about "
        f"{duration(seconds * left)}{end}, validation not counted"
    )
