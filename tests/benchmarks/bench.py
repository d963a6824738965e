"""What is a work that is measured, and how does it become a row?

A family is a module `NAME_speed` of this folder with `cases()`, which returns its works; measuring
one opens its ways (what takes turns), lets them take turns, and closes them.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.benchmarks.machine import has_bf16
from tests.benchmarks.paired import Turn, Way, in_turn
from tests.benchmarks.row import BF16, FP32, PEER, Row
from tests.benchmarks.worker import ROOT, Worker

__all__ = ["BF16", "FP32", "PEER", "ROOT", "Bench", "Case", "Limit", "SkippedError", "measure"]


class SkippedError(Exception):
    """A work cannot be done here; the words say why."""


@dataclass(frozen=True)
class Limit:
    """Seconds that a work would take at a rate of this machine, by way, and of what they are."""

    what: str
    seconds: Mapping[str, float]


@dataclass
class Bench:
    """Where and how long works are measured, and what they may ask for.

    `machine` are the facts of the machine, with its `rates`; `peer_python` is the interpreter of
    the peers' environment (None: without peers). A quick run has two pairs and small works: it
    shows that everything runs, and no figure to keep.
    """

    machine: Mapping[str, Any]
    peer_python: Path | None = None
    quick: bool = False
    pairs: int | None = None
    assets: Path | None = None
    _opened: ExitStack = field(default_factory=ExitStack)

    @property
    def bf16(self) -> bool:
        """Whether this processor computes in bf16, so that it is worth measuring."""
        return has_bf16(dict(self.machine))

    @property
    def threads(self) -> int:
        """Return how many threads each side computes with: as many as there are cores."""
        return int(self.machine["cores"])

    @cached_property
    def folder(self) -> Path:
        """A folder for what works need in common; it goes at the end."""
        return Path(self._opened.enter_context(tempfile.TemporaryDirectory()))

    def photographs(self) -> list[Path]:
        """Return the photographs of SRKIT_ASSETS. Raises SkippedError where it is not set."""
        folder = self.assets / "photos" if self.assets else None
        if not folder or not folder.is_dir():
            raise SkippedError("needs photographs: the folder that SRKIT_ASSETS names is not there")
        kinds = {".jpg", ".jpeg", ".png"}
        return sorted(path for path in folder.rglob("*") if path.suffix.lower() in kinds)

    def ours(self, opened: ExitStack, script: str, *words: object, threads: int = 0) -> Way:
        """Start `tests/benchmarks/ours/SCRIPT.py` with srkit's interpreter; return its turns."""
        command = [sys.executable, "-m", f"tests.benchmarks.ours.{script}", *map(str, words)]
        return opened.enter_context(Worker(command, threads=threads or self.threads))

    def theirs(self, opened: ExitStack, script: str, *words: object, threads: int = 0) -> Way:
        """Start `tests/benchmarks/theirs/SCRIPT.py` with the peers' interpreter."""
        command = [str(self.peer_python), "-m", f"tests.benchmarks.theirs.{script}"]
        command += map(str, words)
        return opened.enter_context(Worker(command, threads=threads or self.threads))

    def close(self) -> None:
        """Remove the folder."""
        self._opened.close()


Open = Callable[[Bench, ExitStack], Mapping[str, Way]]
"""Opens the ways of a work by `PEER`, `FP32` and `BF16`; what must be closed goes on the stack."""


@dataclass(frozen=True)
class Case:
    """A work of a family: `open` makes its ways; the other fields are those of `Row`.

    Without peers the way `PEER` is left out by `measure`, and must not be opened: an `open` asks
    `bench.peer_python`. `pairs` is how often each way is measured, `limit` computes from the rates
    of the machine and the turns what the machine could do.
    """

    work: str
    open: Open
    peer: str
    per: str = "time"
    pairs: int = 5
    warm: int = 1
    limit: Callable[[Mapping[str, float], Mapping[str, Sequence[Turn]]], Limit | None] | None = None
    goals: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    cause: str = ""


def measure(family: str, case: Case, bench: Bench) -> Row:
    """Return the row of a work: one that cannot be done here says why."""
    about = {"family": family, "work": case.work, "peer": case.peer, "per": case.per}
    try:
        with ExitStack() as opened:
            ways = case.open(bench, opened)
            pairs = bench.pairs or (2 if bench.quick else case.pairs)
            turns = in_turn(ways, pairs, warm=case.warm)
    except SkippedError as reason:
        return Row(**about, skipped=str(reason))
    except (RuntimeError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        print(said if isinstance(said, str) else said.decode(), file=sys.stderr)
        return Row(**about, skipped=f"failed: {str(said).strip().splitlines()[-1][:200]}")
    limit = case.limit(bench.machine["rates"], turns) if case.limit else None
    return Row(
        **about,
        seconds={way: [round(one.seconds, 6) for one in found] for way, found in turns.items()},
        memory_mb=dict(_memory(turns)),
        limits={way: round(value, 6) for way, value in limit.seconds.items()} if limit else {},
        limit=limit.what if limit else "",
        goals=case.goals,
        note=case.note,
        cause=case.cause,
    )


def _memory(turns: Mapping[str, Sequence[Turn]]) -> Iterator[tuple[str, float]]:
    for way, found in turns.items():
        known = [one.memory_mb for one in found if one.memory_mb is not None]
        if known:
            yield way, round(max(known), 1)
