"""What does a distribution do when srkit asks what it announces, as a process of its own shows?"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from srkit_core.hooks import ENTRY_POINT_GROUP
from srkit_core.plugin_loading import distribution_of

_RUN: Final = (
    "import sys; from srkit_core.testing.announcement_process import main; main(*sys.argv[1:])"
)
_SECONDS: Final = 120
_IDLE: Final = 2.0
"""Seconds of waiting that are looked at again: a busy machine makes some, but not twice."""


@dataclass(frozen=True)
class AnnouncementReport:
    """What was seen: a line for each fact.

    `problems` keep srkit from using it; `heavy` are libraries for work that its import brought,
    and `heavy_words` those that reading options and traits brought; `facts` is what it did
    beside; `printed` and `warned` is what it said; `cpu` and `idle` are seconds.
    """

    problems: tuple[str, ...]
    heavy: tuple[str, ...]
    heavy_words: tuple[str, ...]
    words: tuple[str, ...]
    facts: tuple[str, ...]
    said: tuple[str, ...]
    again: tuple[str, ...]
    cpu: float
    idle: float


@cache
def announcing() -> frozenset[str]:
    """Return the distributions that announce something: those with an entry point of srkit's."""
    return frozenset(distribution_of(point)[0] for point in entry_points(group=ENTRY_POINT_GROUP))


@cache
def announcement_of(distribution: str, paths: tuple[str, ...] = ()) -> AnnouncementReport:
    """Look at a distribution in a process of its own, once; `paths` are looked through first."""
    first = _looked_at(distribution, paths)
    if first.idle <= _IDLE:
        return first
    second = _looked_at(distribution, paths)
    return min(first, second, key=lambda one: one.idle)


def _looked_at(distribution: str, paths: tuple[str, ...]) -> AnnouncementReport:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        search = json.dumps([*paths, *(str(Path(one).absolute()) for one in sys.path)])
        try:
            done = subprocess.run(
                [sys.executable, "-c", _RUN, distribution, search, str(file)],
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return _failed(f"asked what it announces, it does not answer in {_SECONDS} s")
        if not file.is_file():
            lines = done.stderr.strip().splitlines() or [""]
            return _failed(
                f"asked what it announces, it ends Python: {done.returncode} {lines[-1]}"
            )
        return _report(json.loads(file.read_text(encoding="utf-8")), done.stdout + done.stderr)


def _report(seen: dict[str, Any], printed: str) -> AnnouncementReport:
    said = [f"prints {text[:60]!r}" for text in (seen["printed"], printed) if text]
    said += [one for one in seen["facts"] if one.startswith("prints ")]
    return AnnouncementReport(
        problems=tuple(seen["problems"]),
        heavy=tuple(seen["heavy"]),
        heavy_words=tuple(seen["heavy_words"]),
        words=tuple(seen["words"]),
        facts=tuple(one for one in seen["facts"] if not one.startswith("prints ")),
        said=(*said, *(f"warns {one}" for one in seen["warned"])),
        again=tuple(seen["again"]),
        cpu=seen["cpu"],
        idle=seen["wall"] - seen["cpu"],
    )


def _failed(problem: str) -> AnnouncementReport:
    return AnnouncementReport((problem,), (), (), (), (), (), (), 0.0, 0.0)
