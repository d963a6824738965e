"""What does a sweep tell, while it runs and at its end?"""

import shlex
from typing import TYPE_CHECKING, Any

from srkit_core.cli.output import say
from srkit_core.cli.render import print_json, print_table, print_text
from srkit_core.cli.runs import described_run
from srkit_core.errors import FailedRunsError, InterruptedRunError
from srkit_core.io.atomic import write_text
from srkit_core.run_state import run_state
from srkit_core.sweep.sweep_scores import SeedRow, SweepRow, SweepScores, sweep_csv, sweep_document

if TYPE_CHECKING:
    from srkit_core.sweep.many_runs import SweepTask, TaskEnd
    from srkit_core.sweep.planned_sweep import PlannedSweep

_MIXED = 4
"""The exit code of a sweep whose runs failed in different ways."""
_DIVERGED = 5
_SIGNALS = 128


class SweepReport:
    """Tells what happens to the runs of a sweep; to standard error where the output is JSON."""

    def __init__(self, sweep: "PlannedSweep", *, as_json: bool) -> None:
        self._sweep, self._as_json = sweep, as_json
        self._names = [one.name for one in sweep.runs]
        self._failed = dict[str, tuple[str, int]]()

    def note(self, text: str) -> None:
        """Print a line."""
        say(text, err=self._as_json)

    def tell_plan(self) -> None:
        """Print the runs that would be trained, or go on."""
        rows = self._rows()
        if self._as_json:
            print_json(self._document(rows))
            return
        heads = ["run", *rows.keys, "now"]
        cells = [[one.name, *_values(one, rows.keys), one.word] for one in rows.rows]
        print_table(heads, cells)
        self.note(f"{len(cells)} runs, into {self._sweep.folder.path}")

    def tell_begin(self, todo: int) -> None:
        """Say how many runs there are, and how many are done."""
        count, place = len(self._names), self._sweep.folder.path
        done = f", {count - todo} of them are done already" if todo < count else ""
        self.note(f"a sweep of {count} runs into {place}{done}")

    def tell_run(self, name: str) -> None:
        """Say which run begins, or goes on."""
        self.note(f"run {self._names.index(name) + 1} of {len(self._names)}: {name}")

    def tell_failed(self, name: str, error: str, code: int) -> None:
        """Say that a run failed; the others are done."""
        self._failed[name] = error, code
        say(f"{name} failed: {error}", err=True)

    def on_end(self, task: "SweepTask", end: "TaskEnd") -> None:
        """Take the end of a run that had a process of its own."""
        if end.code == 0:
            self.note(f"{task.name} is finished")
        elif end.error and end.code not in (_SIGNALS + 2, _SIGNALS + 15):
            self.tell_failed(task.name, end.error, end.code)

    def interrupted(self, signal: int) -> InterruptedRunError:
        """Return the error of a sweep that was asked to stop."""
        done = sum(row.is_finished for row in self._rows().rows)
        place = self._sweep.folder.path
        return InterruptedRunError(
            f"stopped with {done} of {len(self._names)} runs finished; everything is saved in "
            f"{place}",
            signal=signal,
            hint=f"srkit sweep {shlex.quote(str(place))}",
        )

    def tell_end(self) -> None:
        """Print the table of all runs and write it; raises FailedRunsError where some failed."""
        rows = self._rows()
        write_text(self._sweep.folder.table, sweep_csv(rows))
        if self._as_json:
            print_json(self._document(rows))
        else:
            _print_rows(rows)
            self.note(f"written: {self._sweep.folder.table}")
        ill = [one for one in rows.rows if not one.is_finished]
        if ill:
            codes = {self._code(one) for one in ill}
            raise FailedRunsError(
                f"{len(ill)} of {len(rows.rows)} runs did not come to their end: "
                f"{', '.join(f'{one.name} ({one.word})' for one in ill)}",
                hint="see above; the same command tries again what failed, not what diverged",
                exit_code=codes.pop() if len(codes) == 1 else _MIXED,
            )

    def _code(self, row: SweepRow) -> int:
        usual = _DIVERGED if row.word == "diverged" else _MIXED
        return self._failed.get(row.name, ("", usual))[1]

    def _rows(self) -> SweepScores:
        return SweepScores(
            [self._row(one.name, one.values) for one in self._sweep.runs],
            self._sweep.higher_is_better,
        )

    def _row(self, name: str, values: Any) -> SweepRow:
        folder = self._sweep.folder.run(name)
        state = run_state(folder.path) if folder.holds_run else None
        error = self._failed.get(name, (state.why if state else "", 0))[0]
        return SweepRow(name, values, state, error)

    def _document(self, rows: SweepScores) -> dict[str, Any]:
        runs = [
            {
                "name": row.name,
                "values": dict(row.values),
                **(
                    described_run(row.state)
                    if row.state
                    else {"path": str(self._sweep.folder.run(row.name).path), "state": row.word}
                ),
            }
            for row in rows.rows
        ]
        place = str(self._sweep.folder.path)
        return {"sweep": place, "runs": runs, **sweep_document(rows)}


def _print_rows(rows: SweepScores) -> None:
    keys, metrics = rows.keys, rows.metrics
    best = {metric: rows.best(metric) for metric in metrics}
    cells = [
        [*_values(row, keys), row.word, *(_score(row, metric, best[metric]) for metric in metrics)]
        for row in rows.rows
    ]
    ill = [number for number, row in enumerate(rows.rows) if not row.is_finished]
    print_table([*keys, "state", *metrics], cells, bad=frozenset(ill))
    if any(best.values()):
        print_text("* best of a column, by each run's best validation")
    for number in ill:
        row = rows.rows[number]
        if row.error:
            print_text(f"{row.name} ({row.word}): {row.error}")
    _print_seeds(rows.over_seeds(), metrics)


def _print_seeds(seeds: list[SeedRow], metrics: tuple[str, ...]) -> None:
    if not seeds:
        return
    keys = list(seeds[0].values)
    shown = [metric for metric in metrics if any(metric in one.scores for one in seeds)]
    cells = [
        [*one.values.values(), str(one.runs), *(_spread(one, metric) for metric in shown)]
        for one in seeds
    ]
    say()
    say("mean and standard deviation over seeds")
    print_table([*keys, "runs", *shown], cells)


def _values(row: SweepRow, keys: tuple[str, ...]) -> list[str]:
    return [row.values.get(key, "") for key in keys]


def _score(row: SweepRow, metric: str, best: str | None) -> str:
    value = row.scores.get(metric)
    return "" if value is None else f"{value:.4f}{' *' if row.name == best else ''}"


def _spread(row: SeedRow, metric: str) -> str:
    found = row.scores.get(metric)
    return "" if found is None else f"{found[0]:.4f} ± {found[1]:.4f}"
