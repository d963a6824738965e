"""How does a process do its work when it is its turn, and say how long that took?

Needs nothing but Python: the peers' scripts use it in their environment, srkit's in this one. A
turn begins with a line on standard input and ends with a line of JSON on what standard output was
when this module was imported; what libraries print goes to standard error.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

MARK = "turn "


class Turns:
    """Waits for turns and answers them."""

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self._began: float | None = None

    @property
    def on(self) -> bool:
        """Whether it is this process's turn."""
        return self._began is not None

    def begin(self) -> bool:
        """Wait for a turn; return False when there will be none."""
        if not sys.stdin.readline():
            return False
        self._began = time.perf_counter()
        return True

    def end(self, **facts: float | None) -> None:
        """Answer with the seconds since the turn began, and with facts that are known."""
        if self._began is None:
            raise RuntimeError("a turn ended that had not begun")
        told = {
            "seconds": time.perf_counter() - self._began,
            "memory_mb": peak_memory_mb(),
            **facts,
        }
        print(MARK + json.dumps(told), file=self._answers, flush=True)
        self._began = None


def serve(turns: Turns, work: Callable[[], object], *, times: int = 1, **facts: float) -> None:
    """Do the work so many times a turn, and say how long one took, until nobody asks any more."""
    while turns.begin():
        began = time.perf_counter()
        for _ in range(times):
            work()
        turns.end(**{"seconds": (time.perf_counter() - began) / times, **facts})


def peak_memory_mb() -> float | None:
    """Return the most memory that this process has held, in MB; None where nobody says.

    `getrusage` would count what the parent held when it made this process.
    """
    status = Path("/proc/self/status")
    for line in status.read_text("utf-8").splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return None
