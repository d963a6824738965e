"""What is a work that is measured, and how does it become a row?

A family is a module `NAME_speed` of this folder with `cases()`, which returns its works; measuring
one, or a group of them, opens its ways (what takes turns), lets them take turns, and closes them.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.benchmarks.machine import has_bf16, load_average
from tests.benchmarks.paired import Turn, Way, in_turn
from tests.benchmarks.row import BF16, FP32, PEER, Row
from tests.benchmarks.worker import ROOT, Worker

__all__ = [
    "BF16",
    "FP32",
    "NO_UNITS",
    "PEER",
    "ROOT",
    "Bench",
    "Case",
    "Limit",
    "SkippedError",
    "measure",
]


NO_UNITS = "this processor has no units for bf16"


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
    _running: dict[tuple[object, ...], Worker] = field(default_factory=dict)

    @property
    def bf16(self) -> bool:
        """Whether this processor computes in bf16, so that it is worth measuring."""
        return has_bf16(self.machine)

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
        module = f"tests.benchmarks.ours.{script}"
        return self._started(opened, sys.executable, module, words, threads)

    def theirs(self, opened: ExitStack, script: str, *words: object, threads: int = 0) -> Way:
        """Start `tests/benchmarks/theirs/SCRIPT.py` with the peers' interpreter."""
        module = f"tests.benchmarks.theirs.{script}"
        return self._started(opened, str(self.peer_python), module, words, threads)

    def _started(
        self, opened: ExitStack, python: str, module: str, words: Sequence[object], threads: int
    ) -> Way:
        """Start a process; works that are measured together share one that is the same."""
        told = (python, "-m", module, *map(str, words), threads or self.threads)
        if told not in self._running:
            *command, count = told
            worker = Worker([str(word) for word in command], threads=int(count))
            self._running[told] = opened.enter_context(worker)
            opened.callback(self._running.pop, told)
        return self._running[told]

    def close(self) -> None:
        """Remove the folder."""
        self._opened.close()


Open = Callable[[Bench, ExitStack], Mapping[str, Way]]
"""Opens the ways of a work by `PEER`, `FP32` and `BF16`; what must be closed goes on the stack."""


@dataclass(frozen=True)
class Case:
    """A work of a family: `open` makes its ways; the other fields are those of `Row`.

    Without peers the way `PEER` is left out by `measure`, and must not be opened: an `open` asks
    `bench.peer_python`; so it does with `bench.bf16`, where there may be a way `BF16` (`bf16`).
    `pairs` is how often each way is measured after `warm` rounds that do not count; works of one
    `group` are measured together, by the same numbers, and share what is the same process. `limit`
    computes from the rates of the machine and the turns what the machine could do.
    """

    work: str
    open: Open
    peer: str
    per: str = "time"
    pairs: int = 5
    warm: int = 1
    group: str = ""
    bf16: bool = False
    limit: Callable[[Mapping[str, float], Mapping[str, Sequence[Turn]]], Limit | None] | None = None
    goals: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


def measure(family: str, cases: Sequence[Case], bench: Bench) -> list[Row]:
    """Return the rows of works that are measured together: one that cannot be done says why.

    Where one of several fails, each is measured alone.
    """
    before = load_average()
    try:
        skipped, turns = _turns(cases, bench)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        if len(cases) > 1:
            return [row for case in cases for row in measure(family, [case], bench)]
        said = getattr(error, "stderr", None) or str(error)
        print(said if isinstance(said, str) else said.decode(), file=sys.stderr)
        reason = f"failed: {str(said).strip().splitlines()[-1][:200]}"
        skipped, turns = {cases[0].work: reason}, {}
    load = [one for one in (before, load_average()) if one is not None]
    found = [_row(family, case, skipped, turns, bench) for case in cases]
    return [replace(row, load=load, day=date.today().isoformat()) for row in found]


def _turns(
    cases: Sequence[Case], bench: Bench
) -> tuple[dict[str, str], dict[tuple[str, str], list[Turn]]]:
    """Return why works are skipped, and the turns of the others by work and way."""
    skipped, ways = dict[str, str](), dict[tuple[str, str], Way]()
    with ExitStack() as opened:
        for case in cases:
            try:
                found = case.open(bench, opened)
            except SkippedError as reason:
                skipped[case.work] = str(reason)
            else:
                ways |= {(case.work, name): way for name, way in found.items()}
        pairs = bench.pairs or (2 if bench.quick else cases[0].pairs)
        warm = min(cases[0].warm, 1) if bench.quick else cases[0].warm
        return skipped, in_turn(ways, pairs, warm=warm)


def _row(
    family: str,
    case: Case,
    skipped: Mapping[str, str],
    turns: Mapping[tuple[str, str], Sequence[Turn]],
    bench: Bench,
) -> Row:
    about = {"family": family, "work": case.work, "peer": case.peer, "per": case.per}
    if case.work in skipped:
        return Row(**about, skipped=skipped[case.work])
    own = {way: found for (work, way), found in turns.items() if work == case.work}
    limit = case.limit(bench.machine["rates"], own) if case.limit else None
    return Row(
        **about,
        seconds={way: [round(one.seconds, 6) for one in found] for way, found in own.items()},
        memory_mb=dict(_memory(own)),
        limits={way: round(value, 6) for way, value in limit.seconds.items()} if limit else {},
        limit=limit.what if limit else "",
        goals=case.goals,
        note=case.note,
        left_out={BF16: NO_UNITS} if case.bf16 and not bench.bf16 else {},
    )


def _memory(turns: Mapping[str, Sequence[Turn]]) -> Iterator[tuple[str, float]]:
    for way, found in turns.items():
        known = [one.memory_mb for one in found if one.memory_mb is not None]
        if known:
            yield way, round(max(known), 1)
