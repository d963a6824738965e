"""What do the checks find, when they are run in a process that may end, hang or print?"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any, Final

from srkit_core.errors import PluginError
from srkit_core.testing.checks import CheckResult

SECONDS: Final = 900.0
"""How long one thing may take, unless it is said: every check of a large network on a slow machine
takes less (empirical).
"""

_START: Final = 300.0
"""How long the process may take until it says what it will try: it imports every plugin."""

CheckProgress = Callable[[str, int, int], None]
"""Told what is being tried, how many things are done, and how many there are."""


@dataclass
class Tried:
    """Something that was tried, and what its checks found."""

    kind: str
    name: str
    distribution: str
    checks: Sequence[Sequence[str]]
    results: list[CheckResult] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        """The name that is never ambiguous."""
        return f"{self.distribution}/{self.name}"

    @property
    def failures(self) -> list[CheckResult]:
        """The checks that fail."""
        return [one for one in self.results if one.outcome == "failed"]


@dataclass
class Findings:
    """All that was tried, the plugins that are broken, and the versions it was tried with."""

    tried: list[Tried] = field(default_factory=list)
    problems: list[Mapping[str, str]] = field(default_factory=list)
    versions: Mapping[str, str] = field(default_factory=dict)

    def take(self, line: Mapping[str, Any]) -> None:
        """Take a line that the worker tells."""
        if "chosen" in line:
            self.problems, self.versions = line["problems"], line["versions"]
        elif "begins" in line:
            self.tried.append(Tried(**line["begins"], checks=line["checks"]))
        elif "result" in line:
            self.tried[-1].results.append(CheckResult(**line["result"]))


def check_in_process(
    request: Mapping[str, Any],
    progress: CheckProgress,
    *,
    python: str = sys.executable,
    seconds: float = SECONDS,
    cwd: Path | None = None,
) -> Findings:
    """Run the checks of what is asked for; a thing that ends or holds up the process fails, and the
    others are tried in another.
    """
    found, left = Findings(), [dict(request)]
    while left:
        rest = _attempt(found, left.pop(), progress, python, seconds, cwd)
        if rest:
            left.append({"names": rest})
    return found


def _attempt(
    found: Findings,
    request: Mapping[str, Any],
    progress: CheckProgress,
    python: str,
    seconds: float,
    cwd: Path | None,
) -> list[list[str]]:
    """Take what one process tells; return what is left to try when it ends early."""
    before, chosen = len(found.tried), list[list[str]]()
    with _worker(python, request, cwd) as (lines, ending):
        until = time.monotonic() + max(seconds, _START)
        while True:
            line = _next(lines, until - time.monotonic())
            if isinstance(line, str):
                _cut_short(found, before, line or ending(), seconds)
                return chosen[len(found.tried) - before :]
            if line is None:
                return []
            found.take(line)
            chosen = line.get("chosen", chosen)
            if "begins" in line:
                until, done = time.monotonic() + seconds, len(found.tried) - 1
                what = f"{found.tried[-1].kind} {found.tried[-1].full_name}"
                progress(what, done, before + len(chosen))


def _next(lines: "Queue[dict[str, Any] | None]", seconds: float) -> dict[str, Any] | str | None:
    """Return the next line; None when all was told, and text when the process ended ('') or takes
    too long.
    """
    try:
        line = lines.get(timeout=max(seconds, 0.01))
    except Empty:
        return "slow"
    if line is None:
        return ""
    return None if "end" in line else line


def _cut_short(found: Findings, before: int, how: str, seconds: float) -> None:
    """Say of the check that was running how it ended the process, and of those after it that they
    were not reached.
    """
    if len(found.tried) == before:
        fact = f"takes longer than {_START:g} s to begin" if how == "slow" else how
        raise PluginError(f"the process of the checks {fact}", hint="srkit doctor")
    one = found.tried[-1]
    why = f"it took longer than {seconds:g} s" if how == "slow" else f"it {how}"
    running, *after = one.checks[len(one.results) :] or [["announced", "test_it_ends"]]
    one.results.append(_failed(running, why))
    one.results += [_failed(check, f"not reached: {running[1]} {why[3:]}") for check in after]


def _failed(check: Sequence[str], why: str) -> CheckResult:
    return CheckResult(check[0], check[1], "failed", why)  # type: ignore[arg-type]


@contextmanager
def _worker(
    python: str, request: Mapping[str, Any], cwd: Path | None
) -> "Iterator[tuple[Queue[dict[str, Any] | None], Callable[[], str]]]":
    """Start a process; it and what it started are gone when the block is left."""
    lines: Queue[dict[str, Any] | None] = Queue()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as told:
        process = subprocess.Popen(
            [python, "-P", "-m", "srkit_core.testing.check_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
            encoding="utf-8",
            cwd=cwd,
            start_new_session=True,
        )
        threading.Thread(target=_read, args=(process, request, lines), daemon=True).start()
        try:
            yield lines, lambda: _ending(process, told)
        finally:
            _end(process)


def _read(
    process: "subprocess.Popen[str]",
    request: Mapping[str, Any],
    lines: "Queue[dict[str, Any] | None]",
) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(OSError, ValueError):
        process.stdin.write(json.dumps(request))
        process.stdin.close()
        for line in process.stdout:
            lines.put(json.loads(line))
    lines.put(None)


def _ending(process: "subprocess.Popen[str]", told: IO[str]) -> str:
    code = process.wait()
    told.seek(0)
    last = next((line.strip() for line in reversed(told.readlines()) if line.strip()), "")
    how = f"ended the process with the exit code {code}"
    if code < 0:
        how = f"ended the process by {signal.Signals(-code).name}"
    return f"{how}: {last[:200]}" if last else how


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
