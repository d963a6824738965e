"""Which curves does a page draw, of one run or of several over each other?

Panels, smoothing and the best of each stage are those of `curves.png`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from srkit_core.engine.logs.columns import DECLARED, STD
from srkit_core.engine.logs.curves.series import (
    Line,
    Panel,
    Point,
    eras,
    gathered,
    has_many,
    is_noisy,
    panels,
    smoothed,
)
from srkit_core.errors import SrkitError
from srkit_core.metric_binding import bind_metrics
from srkit_core.recipe import Recipe
from srkit_core.registry import Registry
from srkit_core.report.run_story import RunStory
from srkit_core.specs import MetricSpec

MOST_POINTS: Final = 1200
"""Of one line; a longer one keeps the lowest and the highest of each group of rows."""
_DIGITS: Final = 6


@dataclass(frozen=True)
class Curves:
    """What the script of a page draws, as plain values, and how many rows the longest line had."""

    panels: Sequence[Mapping[str, Any]]
    longest: int

    @property
    def titles(self) -> tuple[str, ...]:
        """What the panels are called."""
        return tuple(one["title"] for one in self.panels)


def curves_of(stories: Sequence[RunStory], registry: Registry) -> Curves:
    """Return the panels of runs, those of one title as one."""
    found = dict[str, dict[str, Any]]()
    longest = 0
    for number, story in enumerate(stories):
        metrics = metric_specs(story, registry)
        for panel in panels(story.rows, metrics, story.bicubic):
            shown = found.setdefault(panel.title, _empty(panel, metrics.get(panel.title)))
            _add(shown, panel, number, known=panel.title not in _unknown(story, metrics))
            longest = max(longest, *(_rows_of(line, story) for line in panel.lines))
    return Curves(list(found.values()), longest)


def stage_marks(stories: Sequence[RunStory]) -> list[list[Any]]:
    """Return where the stages of runs begin and end, by the number of the run."""
    return [
        [number, era.stage, era.begin, era.end]
        for number, story in enumerate(stories)
        for era in eras(story.rows)
    ]


def metric_specs(story: RunStory, registry: Registry) -> dict[str, MetricSpec]:
    """Return what the metrics of a run mean, by their labels; of one whose plugin is not installed
    a stand-in without a unit.
    """
    known = _bound_metrics(story.recipe, registry) if story.recipe else {}
    columns = list(story.rows[0]) if story.rows else []
    strange = [one for one in _metric_labels(columns) if one not in known]
    return known | {label: _stand_in(label) for label in strange}


def _bound_metrics(recipe: Recipe, registry: Registry) -> dict[str, MetricSpec]:
    validation, found = recipe.validation, dict[str, MetricSpec]()
    for one in (validation.usual, *(validation.of(name) for name in validation.sets)):
        try:
            terms = bind_metrics(registry, one.metrics) if one.metrics else ()
        except SrkitError:
            continue
        found = {term.label: term.spec for term in terms} | found
    return found


def _metric_labels(columns: Sequence[str]) -> Iterator[str]:
    """Yield the metrics among columns: what neither srkit declares nor a loss is called."""
    ours = {one.name for one in DECLARED}
    for column in columns:
        label = column.partition("/")[0]
        if column not in ours and label != "loss" and not column.endswith(STD):
            yield label


def _stand_in(label: str) -> MetricSpec:
    return MetricSpec(
        name="unknown", factory=dict, summary=f"{label}, not installed here", higher_is_better=True
    )


def _unknown(story: RunStory, metrics: Mapping[str, MetricSpec]) -> set[str]:
    return {label for label, spec in metrics.items() if spec.factory is dict}


def _empty(panel: Panel, spec: MetricSpec | None) -> dict[str, Any]:
    arrow = "" if spec is None or spec.factory is dict else ("↑" if spec.higher_is_better else "↓")
    return {
        "title": panel.title,
        "unit": panel.unit,
        "axis": panel.axis,
        "better": arrow,
        "lines": [],
        "baselines": [],
        "best": [],
    }


def _add(shown: dict[str, Any], panel: Panel, run: int, *, known: bool) -> None:
    names = list(dict.fromkeys(line.name for line in panel.lines))
    for line in panel.lines:
        place = {"run": run, "number": names.index(line.name), "name": line.name}
        for kind, one in _legible(line):
            shown["lines"].append(place | {"split": line.split, "kind": kind, **_drawn(one, panel)})
    shown["baselines"] += [[run, name, _short(value)] for name, value in panel.baselines]
    shown["best"] += [[run, one.step, _short(one.value)] for one in panel.best if known]


def _rows_of(line: Line, story: RunStory) -> int:
    return len(line.points) * (story.drawn.each if line.split == "train" else 1)


def _legible(line: Line) -> Iterator[tuple[str, Line]]:
    """Yield a line as it was measured, and over a noisy one what is read of it."""
    if has_many(line):
        yield "every row", line
        yield "median", gathered(line)[0]
    elif is_noisy(line):
        yield "every row", line
        yield "mean", smoothed(line)[0]
    else:
        yield "", line


def _drawn(line: Line, panel: Panel) -> dict[str, Any]:
    points = thinned(line.points, MOST_POINTS)
    spread = [_short(one.spread) for one in points] if panel.band and line.split == "val" else []
    steps, values = [one.step for one in points], [_short(one.value) for one in points]
    return {"x": steps, "y": values, **({"spread": spread} if spread else {})}


def thinned(points: Sequence[Point], most: int) -> Sequence[Point]:
    """Return at most so many points: of groups that follow each other the lowest and the highest,
    so that no spike is lost.
    """
    if len(points) <= most:
        return points
    size = -(-len(points) * 2 // most)
    kept = list[Point]()
    for first in range(0, len(points), size):
        group = points[first : first + size]
        ends = {min(group, key=lambda one: one.value), max(group, key=lambda one: one.value)}
        kept += sorted(ends, key=lambda one: one.step)
    return kept


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
