"""Has somebody asked the run to stop?"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class StopRequest:
    """Remembers the signal that asked for a stop; 0 while nobody has."""

    def __init__(self) -> None:
        self.signal = 0


@contextmanager
def catch_stop_signals() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into a request, and let the second one stop at once.

    Signals reach only the main thread of a program; elsewhere nothing is changed.
    """
    request, before = StopRequest(), dict[int, Any]()

    def remember(number: int, frame: FrameType | None) -> None:
        if request.signal:
            signal.signal(number, before[number] or signal.SIG_DFL)
            raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
        request.signal = number

    if threading.current_thread() is threading.main_thread():
        signals = (signal.SIGINT, signal.SIGTERM)
        before.update({number: signal.signal(number, remember) for number in signals})
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
