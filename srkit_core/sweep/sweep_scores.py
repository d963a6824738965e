"""How did the runs of a sweep do, beside each other?"""

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean, stdev
from typing import Any, Final

from srkit_core.run_state import RunState
from srkit_core.sweep.combinations import Combination

_SEED: Final = "seed"
_LOSS: Final = "loss"


@dataclass(frozen=True)
class SweepRow:
    """How a run of a sweep stands; `state` is None of one that has not begun, or failed before."""

    name: str
    values: Combination
    state: RunState | None
    error: str = ""

    @property
    def scores(self) -> Mapping[str, float]:
        """Its best scores by metric."""
        return {one.metric: one.value for one in self.state.best} if self.state else {}

    @property
    def word(self) -> str:
        """How it stands, in a word."""
        if self.state is None:
            return "failed" if self.error else "to come"
        return self.state.state

    @property
    def is_finished(self) -> bool:
        """Whether its scores compare with those of others."""
        return self.word == "finished"


@dataclass(frozen=True)
class SeedRow:
    """Finished runs that differ in their seed alone: the mean and the standard deviation (of a
    sample) of each metric over them.
    """

    values: Combination
    runs: int
    scores: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class SweepScores:
    """The rows of a sweep; `higher_is_better` names the metrics of which more is better."""

    rows: Sequence[SweepRow]
    higher_is_better: Collection[str]

    @property
    def keys(self) -> tuple[str, ...]:
        """What was swept over."""
        return tuple(dict.fromkeys(key for row in self.rows for key in row.values))

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric of any run; the loss where there is none."""
        found = dict.fromkeys(metric for row in self.rows for metric in row.scores)
        return tuple(one for one in found if one != _LOSS) or tuple(found)

    def best(self, metric: str) -> str | None:
        """Return the name of the finished run that is best in a metric."""
        scored = [one for one in self.rows if one.is_finished and metric in one.scores]
        choose = max if metric.partition("/")[0] in self.higher_is_better else min
        found = choose(scored, key=lambda one: one.scores[metric], default=None)
        return None if found is None else found.name

    def over_seeds(self) -> list[SeedRow]:
        """Return groups of finished runs that only the seed tells apart."""
        groups = defaultdict[tuple[tuple[str, str], ...], list[SweepRow]](list)
        for row in self.rows:
            if _SEED in row.values and row.is_finished:
                groups[tuple(one for one in row.values.items() if one[0] != _SEED)].append(row)
        return [
            SeedRow(dict(values), len(rows), _spread(rows))
            for values, rows in groups.items()
            if len(rows) > 1
        ]


def sweep_csv(scores: SweepScores) -> str:
    """Return the rows as CSV: values, state, steps, and every metric in full."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["run", *scores.keys, "state", "step", "steps", *scores.metrics])
    for row in scores.rows:
        at = ["", ""] if row.state is None else [row.state.step, row.state.steps]
        figures = [row.scores.get(metric, "") for metric in scores.metrics]
        values = [row.values.get(key, "") for key in scores.keys]
        writer.writerow([row.name, *values, row.word, *at, *figures])
    return text.getvalue()


def sweep_document(scores: SweepScores) -> dict[str, Any]:
    """Return what `--json` tells beside the runs: which is best, and groups over seeds."""
    best = {metric: scores.best(metric) for metric in scores.metrics}
    seeds = [
        {
            "values": dict(one.values),
            "runs": one.runs,
            "scores": {
                metric: {"mean": mean, "std": std} for metric, (mean, std) in one.scores.items()
            },
        }
        for one in scores.over_seeds()
    ]
    return {"best": best, "over_seeds": seeds}


def _spread(rows: Sequence[SweepRow]) -> dict[str, tuple[float, float]]:
    common = [one for one in rows[0].scores if all(one in row.scores for row in rows)]
    figures = {metric: [row.scores[metric] for row in rows] for metric in common}
    known = {metric: some for metric, some in figures.items() if all(map(isfinite, some))}
    return {metric: (fmean(some), stdev(some)) for metric, some in known.items()}
