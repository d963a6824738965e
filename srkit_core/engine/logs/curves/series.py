"""Which lines do the figures of a run make?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil, isfinite
from operator import attrgetter
from statistics import fmean, median
from typing import Final, NamedTuple

from srkit_core.engine.logs.columns import DECLARED, Axis, LogSplit
from srkit_core.specs import MetricSpec

MANY: Final = 200
MOST_GROUPS: Final = 50
"""The points of a line that is legible, and the groups a longer one is gathered into; empirical."""
NOISY: Final = 20
"""A line of training with more points is smoothed: steps see different pictures. Empirical."""

CsvRow = Mapping[str, str]


class Point(NamedTuple):
    """A figure of one row; `spread` is its standard deviation over pictures, 0 if unknown."""

    step: int
    stage: str
    value: float
    spread: float = 0.0


@dataclass(frozen=True)
class Line:
    """One figure over the steps.

    `name` tells lines of one panel apart, `chosen` are figures that were set and not measured.
    """

    split: LogSplit
    points: tuple[Point, ...]
    name: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Panel:
    """Lines that are read together, and the best validation of each stage where there is such a
    thing.
    """

    title: str
    lines: tuple[Line, ...]
    axis: Axis = "linear"
    unit: str = ""
    best: tuple[Point, ...] = ()
    baselines: tuple[tuple[str, float], ...] = ()
    """What bicubic interpolation scores, by the name of the line it is to be compared with."""

    @property
    def band(self) -> Line | None:
        """The only line of validation when it has standard deviations, none of them wider than the
        line is high.

        A wider band would be all there is to see.
        """
        held = [line for line in self.lines if line.split == "val"]
        values = [point.value for line in held for point in line.points]
        return held[0] if len(held) == 1 and 0 < self.widest <= max(values) - min(values) else None

    @property
    def widest(self) -> float:
        """The largest standard deviation."""
        return max(point.spread for line in self.lines for point in line.points)


class Era(NamedTuple):
    """The steps of a stage: after `begin`, up to `end`."""

    stage: str
    begin: int
    end: int


@dataclass(frozen=True)
class _Table:
    columns: Sequence[str]
    rows: Mapping[LogSplit, Sequence[CsvRow]]

    def lines(
        self, column: str, name: str = "", splits: Sequence[LogSplit] = ("train", "val")
    ) -> list[Line]:
        """Return a column as a line for each split that has it."""
        found = [Line(split, tuple(_points(self.rows[split], column)), name) for split in splits]
        return [line for line in found if line.points]


def panels(
    rows: Sequence[CsvRow],
    metrics: Mapping[str, MetricSpec],
    bicubic: Mapping[str, float] | None = None,
) -> list[Panel]:
    """Return what the rows of metrics.csv show, in the order in which a person asks for it.

    What has no figures is left out.

    `metrics` names the columns that are metrics; those of several validation sets are `psnr/NAME`.
    `bicubic` is what bicubic interpolation scores, by column.
    """
    table = _Table(
        list(rows[0]) if rows else [],
        {split: [row for row in rows if row["split"] == split] for split in ("train", "val")},
    )
    found = [
        _total(table),
        *(_metric(table, label, spec, bicubic or {}) for label, spec in metrics.items()),
        *_terms(table),
        *_game(table),
        *_declared(table),
    ]
    return [panel for panel in found if panel.lines]


def eras(rows: Sequence[CsvRow]) -> list[Era]:
    """Return which steps each stage took, in the order of training."""
    found = list[Era]()
    for stage, group in groupby(rows, key=lambda row: row["stage"]):
        found.append(
            Era(stage, found[-1].end if found else 0, max(int(row["step"]) for row in group))
        )
    return found


def has_many(line: Line) -> bool:
    """Whether a line has so many points that what was measured is noise to the eye."""
    return len(line.points) > MANY and not line.chosen


def is_noisy(line: Line) -> bool:
    """Whether a line is of training, and has points enough to be smoothed."""
    return line.split == "train" and NOISY < len(line.points) <= MANY and not line.chosen


def smoothed(line: Line) -> tuple[Line, int]:
    """Return the means of each row and its neighbours, and how many these are at most.

    At an end there are fewer, as many on either side; none is of another stage.
    """
    reach = max(1, len(line.points) // (2 * NOISY))
    means = [
        _mean_around(points, place, min(reach, place, len(points) - 1 - place))
        for points in _by_stage(line)
        for place in range(len(points))
    ]
    return replace(line, points=tuple(means)), 2 * reach + 1


def gathered(line: Line) -> tuple[Line, int]:
    """Return the medians of groups of rows that follow each other, and the size of the groups.

    No group is of two stages.
    """
    size = ceil(len(line.points) / MOST_GROUPS)
    groups = [
        points[first : first + size]
        for points in _by_stage(line)
        for first in range(0, len(points), size)
    ]
    return replace(line, points=tuple(_middle(group) for group in groups)), size


def _total(table: _Table) -> Panel:
    lines = table.lines("loss/total")
    return Panel("total loss", tuple(lines), "log", best=_best(lines, higher=False))


def _metric(table: _Table, label: str, spec: MetricSpec, bicubic: Mapping[str, float]) -> Panel:
    columns = [one for one in table.columns if one == label or one.startswith(f"{label}/")]
    sets = [
        one
        for one in columns
        if one.removesuffix("/std") == one or one.removesuffix("/std") not in columns
    ]
    named = {column: column.removeprefix(label).removeprefix("/") for column in sets}
    lines = [line for column, name in named.items() for line in table.lines(column, name)]
    return Panel(
        label,
        tuple(lines),
        unit=spec.unit,
        best=_best(lines, higher=spec.higher_is_better),
        baselines=tuple((named[one], bicubic[one]) for one in sets if one in bicubic),
    )


def _terms(table: _Table) -> list[Panel]:
    """Return a panel for each term of the loss, but for one that is the total already."""
    total = table.lines("loss/total")
    names = [
        one
        for one in table.columns
        if one.startswith("loss/") and one not in ("loss/total", "loss/discriminator")
    ]
    found = [
        Panel(f"loss term: {name.removeprefix('loss/')}", tuple(table.lines(name)), "log")
        for name in names
    ]
    return [panel for panel in found if list(panel.lines) != total]


def _game(table: _Table) -> list[Panel]:
    said = [*table.lines("d_real", "D(real)"), *table.lines("d_fake", "D(fake)")]
    against = table.lines("loss/discriminator", "discriminator")
    players = [*table.lines("loss/total", "generator"), *against] if against else []
    return [
        Panel("D(real) and D(fake)", tuple(said), "probability"),
        Panel("generator and discriminator loss", tuple(players), "log"),
    ]


def _declared(table: _Table) -> list[Panel]:
    """Return the panels that columns declare, those of settings last."""
    drawn: dict[str, Panel] = {}
    for column in sorted(DECLARED, key=lambda one: one.kind == "setting"):
        if column.curve:
            title, name, axis = column.curve
            panel = drawn.setdefault(title, Panel(title, (), axis))
            lines = table.lines(column.name, name, ("train",))
            chosen = tuple(replace(line, chosen=column.kind == "setting") for line in lines)
            drawn[title] = replace(panel, lines=panel.lines + chosen)
    return list(drawn.values())


def _best(lines: Sequence[Line], *, higher: bool) -> tuple[Point, ...]:
    """Return the first of the best validations of each stage, of the first set as that is what
    weights are kept by.
    """
    validation = next((line for line in lines if line.split == "val"), None)
    choose = max if higher else min
    return (
        tuple(choose(points, key=attrgetter("value")) for points in _by_stage(validation))
        if validation
        else ()
    )


def _points(rows: Sequence[CsvRow], column: str) -> Iterator[Point]:
    for row in rows:
        value = float(row.get(column) or "nan")
        if isfinite(value):
            spread = float(row.get(f"{column}/std") or 0)
            yield Point(int(row["step"]), row["stage"], value, spread if isfinite(spread) else 0.0)


def _by_stage(line: Line) -> list[tuple[Point, ...]]:
    return [tuple(points) for _, points in groupby(line.points, key=attrgetter("stage"))]


def _middle(group: Sequence[Point]) -> Point:
    value, spread = (median(map(attrgetter(name), group)) for name in ("value", "spread"))
    return group[len(group) // 2]._replace(value=value, spread=spread)


def _mean_around(points: Sequence[Point], place: int, reach: int) -> Point:
    around = points[place - reach : place + reach + 1]
    return points[place]._replace(value=fmean(point.value for point in around))
