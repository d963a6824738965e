"""How does a signal end a command?"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

INTERRUPTED: Final = 130
ENDED_BY: Final = {INTERRUPTED: "interrupted", 129: "ended by a hang-up", 143: "terminated"}
"""What the exit codes of signals mean: 128 and the number of the signal."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does, tidily, and leave them as they were.

    A SIGHUP that is ignored, as by nohup, stays ignored.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in [getattr(signal, one) for one in ("SIGTERM", "SIGHUP") if one in dir(signal)]:
            if signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
