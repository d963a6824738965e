"""How are several ways of one work timed beside each other, and how do their times compare?"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar


@dataclass(frozen=True)
class Turn:
    """How long a work took once, and the most memory that its process had held by then, in MB.

    `flop` are the floating-point operations of the work, `size` the bytes that it left on disk or
    moved in memory, where they were counted.
    """

    seconds: float
    memory_mb: float | None = None
    flop: float | None = None
    size: float | None = None


Name = TypeVar("Name")
Way = Callable[[], Turn]
"""Does a work once."""


@dataclass(frozen=True)
class Spread:
    """Median, least and largest of several figures."""

    median: float
    low: float
    high: float


def in_turn(ways: Mapping[Name, Way], pairs: int, *, warm: int = 1) -> dict[Name, list[Turn]]:
    """Return the turns of each way: all ways once, so many times, every second time backwards.

    The first `warm` rounds are not counted. Machines whose speed drifts drift under all ways. What
    goes by several names has one turn a round, which counts for all of them.
    """
    turns: dict[Name, list[Turn]] = {name: [] for name in ways}
    for number in range(-warm, pairs):
        done: dict[int, Turn] = {}
        for name in list(ways)[:: -1 if number % 2 else 1]:
            way = ways[name]
            if id(way) not in done:
                done[id(way)] = way()
            if number >= 0:
                turns[name].append(done[id(way)])
    return turns


def spread(figures: Sequence[float]) -> Spread:
    """Return what several figures are between."""
    return Spread(statistics.median(figures), min(figures), max(figures))


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> Spread:
    """Return how many times as long theirs took as ours, pair by pair.

    Raises ValueError where they are not pairs.
    """
    return spread([one / other for one, other in zip(theirs, ours, strict=True)])


def command(words: Sequence[str | Path], *, cwd: Path | None = None, **env: str) -> Way:
    """Return the way that starts a program and waits for its end, which must be success.

    Its memory is that of the largest of its processes. Byte code is kept, as it is for whoever has
    installed something, even where this environment says not to.
    """
    environment = os.environ | env
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run() -> Turn:
        began = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, words)),
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        return _waited(process, began)

    return run


def _waited(process: "subprocess.Popen[bytes]", began: float) -> Turn:
    said = process.stderr.read() if process.stderr else b""
    memory = None
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    seconds = time.perf_counter() - began
    if process.wait():
        raise RuntimeError(f"{process.args}: exit {process.returncode}\n{said.decode()[-2000:]}")
    return Turn(seconds, memory)
