"""How does a run stand: does it run, how far is it, how good was it?

Files say it, those of a run that goes on in another process too; nothing of torch is needed.
"""

import csv
import json
import time
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from srkit_core.locks import is_locked
from srkit_core.run_folder import BestScore, RunFolder, best_scores

RunStateName: TypeAlias = Literal[
    "running", "finished", "stopped", "killed", "diverged", "failed", "damaged"
]
"""What a run does: it runs; came to its end; was asked to stop; was ended by nobody it knows of, as
by a power cut; met numbers that are not finite; met another error; or its files cannot be read.
"""

_NAMES: Final[Mapping[str, RunStateName]] = {"interrupted": "stopped", "diverged": "diverged"}
_TAIL: Final = 8192
"""Bytes of metrics.csv that hold the last rows: 20 of 30 columns, and more of fewer."""
_SILENT: Final = 600.0
"""Seconds without a row after which a run does not run, where no lock can be asked (empirical)."""


@dataclass(frozen=True)
class RunState:
    """How a run stands: `step` is that of its last row, of `steps` if its length is known.

    `seconds_left` is what the rest takes at the pace of its last rows, None where that is not
    known; `best` are the best validations up to its newest checkpoint; `why` says what ended it.
    """

    path: Path
    state: RunStateName
    step: int = 0
    steps: int | None = None
    seconds_left: float | None = None
    best: tuple[BestScore, ...] = ()
    why: str = ""


def run_state(path: Path) -> RunState:
    """Return how the run in a folder stands; one whose files cannot be read is `damaged`."""
    folder = RunFolder(path)
    try:
        return _state_of(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        if isinstance(error, OSError):
            return RunState(path, "damaged", why=f"{error.filename}: {error.strerror}")
        why = f"its files cannot be read: {type(error).__name__}: {error}"
        return RunState(path, "damaged", why=why)


def newest_progress(folder: RunFolder) -> dict[str, Any]:
    """Return what the newest checkpoint that can be read says of the run: `stages` as a summary
    has them, `baseline` of bicubic interpolation, `position`; nothing where there is none.
    """
    for checkpoint in reversed(folder.checkpoints()):
        with suppress(OSError, ValueError, KeyError, TypeError):
            return dict(_json(checkpoint / "state.json")["progress"])
    return {}


def _state_of(folder: RunFolder) -> RunState:
    summary, progress = _json(folder.summary), newest_progress(folder)
    rows, steps = _last_rows(folder.metrics), _whole_length(folder, progress)
    step = max((int(row["step"]) for row in rows[-1:]), default=0)
    if is_finished := _is_finished(summary, progress, steps):
        step = summary["steps"]
    name, why = _how_it_ended(folder, is_finished=is_finished)
    stages = summary["stages"] if is_finished else progress.get("stages", {})
    left = None if is_finished or steps is None else _seconds_left(rows, steps - step)
    if left is not None and name == "running":
        left = max(left - _age(folder.metrics), 0.0)
    best = best_scores(folder, stages)
    return RunState(folder.path, name, step, steps, left, best, why)


def _json(path: Path) -> dict[str, Any]:
    """Return a JSON document, an empty one where there is no file."""
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}


def _is_finished(
    summary: Mapping[str, Any], progress: Mapping[str, Any], steps: int | None
) -> bool:
    """Whether a summary tells of the end: a run that was made longer has an older one."""
    whole = steps is None or summary.get("steps", -1) >= steps
    return bool(summary) and (whole or not progress)


def _how_it_ended(folder: RunFolder, *, is_finished: bool) -> tuple[RunStateName, str]:
    if is_finished:
        return "finished", ""
    held = is_locked(folder.lock)
    if held is None:
        held = _age(folder.metrics) < _SILENT
    if held:
        return "running", ""
    ended = _json(folder.end)
    if not ended:
        return "killed", ""
    return _NAMES.get(ended["reason"], "failed"), str(ended["error"])


def _age(path: Path) -> float:
    """Return for how many seconds nothing has been written into a file."""
    return time.time() - path.stat().st_mtime


def _whole_length(folder: RunFolder, progress: Mapping[str, Any]) -> int | None:
    """Return the steps of a run: those of its stages, or fewer where patience ended some."""
    recipe = tomllib.loads(folder.recipe.read_text(encoding="utf-8"))
    lengths = [_length(stage, folder) for stage in recipe["stages"]]
    known = [one for one in lengths if one is not None]
    if len(known) < len(lengths):
        return None
    position = progress.get("position")
    if position is None:
        return sum(known)
    at, done = position["stage"], position["total"]
    rest = 0 if progress.get("ended") else known[at] - position["step"]
    return int(done + rest + sum(known[at + 1 :]))


def _length(stage: Mapping[str, Any], folder: RunFolder) -> int | None:
    """Return the length of a stage in steps; None where nobody knows how long an epoch is."""
    if "steps" in stage:
        return int(stage["steps"])
    crops = _json(folder.environment).get("data", {}).get("crops")
    return None if crops is None else stage["epochs"] * ceil(crops / stage["batch"])


def _last_rows(path: Path) -> list[Mapping[str, str]]:
    """Return the last rows of metrics.csv, without the rest of it; none where it has none yet."""
    with path.open("rb") as file:
        head = file.readline()
        start = max(file.seek(0, 2) - _TAIL, len(head))
        file.seek(start)
        tail = file.read().decode(errors="replace").splitlines()
    whole = tail[1:] if start > len(head) else tail
    names, *rows = csv.reader([head.decode(), *whole])
    return [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(names)]


def _seconds_left(rows: Sequence[Mapping[str, str]], steps: int) -> float | None:
    """Return how long so many steps take at the pace of the last rows of the stage that runs."""
    same = [row for row in rows if row["stage"] == rows[-1]["stage"]]
    if not same or int(same[-1]["step"]) == int(same[0]["step"]):
        return None
    seconds = float(same[-1]["elapsed_s"]) - float(same[0]["elapsed_s"])
    return steps * seconds / (int(same[-1]["step"]) - int(same[0]["step"]))
