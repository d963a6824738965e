"""Which runs are there, and how do they stand?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.output import say
from srkit_core.cli.render import JsonFlag, print_json, print_table, print_text
from srkit_core.durations import duration
from srkit_core.errors import DataError

if TYPE_CHECKING:
    from srkit_core.run_folder import BestScore
    from srkit_core.run_state import RunState

_SHOWN = 2
"""How many best figures a row shows: more leave no room for them in 80 columns."""


def runs_command(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="Where to look for runs (default: runs)."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the runs below a folder, the newest first: whether they run, how far they are, how long
    the rest takes, and their best scores.
    """
    from srkit_core.run_folder import run_folders_below
    from srkit_core.run_state import run_state

    place = folder or Path("runs")
    if folder is None and not place.exists():
        fact = "there is no folder 'runs' here"
        raise DataError(fact, hint="srkit runs FOLDER, or srkit train, which makes it", path=place)
    found = sorted(run_folders_below(place), key=_written_at, reverse=True)
    states = [run_state(one) for one in found]
    if as_json:
        print_json({"runs": [described_run(one) for one in states]})
    elif states:
        print_runs(states)
    else:
        say(f"there are no runs in {place}")


def described_run(one: "RunState") -> dict[str, Any]:
    """Return how a run stands as plain values."""
    best = {
        score.metric: {"value": score.value, "step": score.step, "stage": score.stage}
        | ({"weights": str(score.weights)} if score.weights.is_file() else {})
        for score in one.best
    }
    facts = {"path": str(one.path), "state": one.state, "step": one.step, "steps": one.steps}
    return facts | {"seconds_left": one.seconds_left, "best": best, "why": one.why}


def print_runs(states: "list[RunState]") -> None:
    """Print a table, with what ended badly in red, and below it why."""
    rows = [
        [str(one.path), one.state, _step(one), _left(one), ", ".join(_shown(one.best))]
        for one in states
    ]
    ill = [number for number, one in enumerate(states) if one.why and one.state != "stopped"]
    print_table(["run", "state", "step", "time left", "best"], rows, bad=frozenset(ill))
    for number in ill:
        print_text(f"{states[number].path} {_told(states[number])}")


def _written_at(folder: Path) -> float:
    """Return when something was last logged in a run, or when it began."""
    from srkit_core.run_folder import RunFolder

    for path in (RunFolder(folder).metrics, folder):
        if path.exists():
            return path.stat().st_mtime
    return 0.0


def _step(one: "RunState") -> str:
    return f"{one.step:,}" + ("" if one.steps is None else f" of {one.steps:,}")


def _left(one: "RunState") -> str:
    return "" if one.seconds_left is None else duration(one.seconds_left)


def _shown(best: "tuple[BestScore, ...]") -> list[str]:
    metrics = [one for one in best if one.metric != "loss"] or list(best)
    return [f"{one.metric} {one.value:.4g} ({one.step:,})" for one in metrics[:_SHOWN]]


def _told(one: "RunState") -> str:
    verb = "is" if one.state == "damaged" else "has"
    return f"{verb} {one.state}: {one.why}"
