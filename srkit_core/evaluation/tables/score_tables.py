"""How do scores stand in a table?

One set of pictures has a row a model. Several have a block of rows each, which fits a narrow
screen (`long`), or columns of their own as in papers (`wide`).
"""

from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Final, TypeAlias

from srkit_core.evaluation.scores import MetricTraits, ModelScores
from srkit_core.evaluation.tables.figures import MEAN_OF_SETS, Compared
from srkit_core.evaluation.tables.protocol_words import own_words, protocol_words, without_own
from srkit_core.evaluation.tables.table_parts import Block, Cell, Table, TableColumn, TableRow
from srkit_core.evaluation_recipe import ModelRow

EXACT: Final = 4
"""Digits after the point of what a person compares on a screen."""

NONE_JUDGED: Final = "none judged"

CellOf: TypeAlias = Callable[[str, str, str], Cell]
"""Makes a cell of a place, a metric and a row, by its full name."""


def long_tables(compared: Compared) -> tuple[Table, ...]:
    """Return scores with their 95 % intervals, or deviations where there are too few pictures, and
    the gains where there is a baseline; sets below each other.
    """

    def score(place: str, label: str, model: str) -> Cell:
        mean, best = (
            compared.mean(place, label, model),
            compared.is_best(place, label, model, EXACT),
        )
        std = compared.std(place, label, model)
        spread = f"± {std:.{EXACT}f}" if isfinite(std) else ""
        spread = _interval_text(compared, place, label, model) or spread
        return Cell(" ".join(filter(None, [f"{mean:.{EXACT}f}", spread])), mean, best)

    return _tables(compared, _long, score, lambda _: EXACT)


def wide_tables(compared: Compared) -> tuple[Table, ...]:
    """Return scores as papers print them, their 95 % intervals, and the gains where there is a
    baseline; sets beside each other.
    """

    def score(place: str, label: str, model: str) -> Cell:
        mean, digits = compared.mean(place, label, model), printed(compared.traits(label))
        best = compared.is_best(place, label, model, digits)
        return Cell(f"{mean:.{digits}f}", mean, best)

    def spread(place: str, label: str, model: str) -> Cell:
        return Cell(_interval_text(compared, place, label, model) if place in sets else "")

    first, *gains = _tables(compared, _wide, score, printed)
    sets = compared.scores.sets
    known = (
        one.interval(label) for each in sets.values() for one in each.models for label in one.specs
    )
    if not any(isfinite(low) for low, _ in known):
        return (first, *gains)
    return (first, _wide(compared, "95 % intervals", spread), *gains)


def picture_table(compared: Compared) -> Table:
    """Return every score of every picture, with rows of means, which have the ends of their 95 %
    intervals, gains where there is a baseline, and the whole protocol.
    """
    labels, gained = compared.every_label, bool(compared.baselines)
    ends = [f"{label}/{what}" for label in labels for what in ("low", "high")]
    gains = [f"{label}/{what}" for label in labels for what in ("gain", "gain_percent")]
    more = (*ends, *(gains if gained else ()), "protocol")
    columns = [TableColumn(one) for one in ("image", *labels, *more)]
    blocks = [
        Block(
            "mean" if place == MEAN_OF_SETS else place,
            tuple(_picture_rows(compared, place, gained)),
        )
        for place in compared.places
    ]
    return Table("", "model", columns, blocks, heading="set")


def protocol_line(compared: Compared) -> str:
    """Say under which protocol the figures were made, of each set what is its own."""
    sets = compared.scores.sets
    first = next(iter(sets.values())).protocol
    if len(sets) == 1:
        return protocol_words(first)
    if not compared.scores.differing:
        own = [f"{name}: {said}" for name, one in sets.items() if (said := own_words(one.protocol))]
        return "; ".join([protocol_words(without_own(first)), *own])
    return "; ".join(f"{name}: {protocol_words(one.protocol)}" for name, one in sets.items())


def left_out_notes(models: Sequence[ModelScores]) -> Iterator[str]:
    """Say which pictures are not in a mean: a score that is infinite, or that a metric cannot
    give, has none.
    """
    for one in models:
        for label in one.specs:
            names = one.left_out(label)
            if names:
                shown = f"{', '.join(names)} ({len(names)} of {len(one.images)} pictures)"
                yield f"left out of the {label} of {one.name}: {shown}, whose score is not finite"


def notes(compared: Compared) -> Iterator[str]:
    """Say what a reader of the tables has to know: what is in no mean, and why there is none over
    sets.
    """
    for name, one in compared.scores.sets.items():
        for note in left_out_notes(one.models):
            yield f"{name}: {note}" if name else note
    first = next(iter(compared.scores.sets.values())).models
    for number, row in enumerate(first):
        if twin := next((other for other in first[:number] if row.is_file_of(other)), None):
            yield f"{row.name} and {twin.name} are one file"
    if differing := ", ".join(compared.scores.differing):
        yield f"no mean over the sets, whose protocols differ in {differing}"


_Build: TypeAlias = Callable[[Compared, str, CellOf], Table]


def _tables(
    compared: Compared, build: _Build, score: CellOf, digits: Callable[[MetricTraits], int]
) -> tuple[Table, ...]:
    def known(place: str, label: str, model: str) -> Cell:
        if label not in compared.labels(place):
            return Cell("")
        if not isfinite(compared.mean(place, label, model)):
            return Cell(NONE_JUDGED)
        return score(place, label, model)

    def gain(place: str, label: str, model: str) -> Cell:
        return _gain_cell(compared, place, label, model, digits(compared.traits(label)))

    tables = [build(compared, protocol_line(compared), known)]
    if compared.baselines:
        tables.append(build(compared, _about_gains(compared), gain))
    return tuple(tables)


def _about_gains(compared: Compared) -> str:
    over = sorted(set(compared.baselines.values()))
    if len(over) == 1:
        whose = over[0]
    else:
        names = {row.full_name: row.name for row in compared.rows}
        whose = f"{names[over[0]]} of the same group"
    return (
        f"gain over {whose}, and in percent of its score: + is better, - is worse, also where "
        "lower scores are better"
    )


def _gain_cell(compared: Compared, place: str, label: str, model: str, digits: int) -> Cell:
    if compared.baselines.get(model) == model:
        return Cell("baseline" if label in compared.labels(place) else "")
    gain, percent = compared.gain(place, label, model)
    if not isfinite(gain):
        return Cell("")
    share = f" ({signed(percent, 1)} %)" if isfinite(percent) else ""
    return Cell(f"{signed(gain, digits)}{share}", gain)


def signed(number: float, digits: int) -> str:
    """Return a number with its sign, so rounded that nothing has a plus."""
    return f"{round(number, digits) + 0.0:+.{digits}f}"


def _long(compared: Compared, caption: str, cell: CellOf) -> Table:
    labels = compared.every_label
    blocks = [
        Block(
            ", ".join(filter(None, [place, group])),
            [_row(row, [cell(place, label, row.full_name) for label in labels]) for row in rows],
        )
        for place in compared.places
        for group, rows in _groups(compared)
    ]
    columns = [TableColumn(metric_head(compared.traits(label), label)) for label in labels]
    return Table(caption, "model", columns, blocks)


def _wide(compared: Compared, caption: str, cell: CellOf) -> Table:
    places = [(place, label) for place in compared.places for label in compared.labels(place)]
    columns = [
        TableColumn(metric_head(compared.traits(label), label), over=place)
        for place, label in places
    ]
    blocks = [
        Block(group, [_row(row, [cell(*one, row.full_name) for one in places]) for row in rows])
        for group, rows in _groups(compared)
    ]
    return Table(caption, "model", columns, blocks)


def _groups(compared: Compared) -> list[tuple[str, list[ModelRow]]]:
    groups = dict[str, list[ModelRow]]()
    for row in compared.rows:
        groups.setdefault(row.group, []).append(row)
    return list(groups.items())


def _row(row: ModelRow, cells: Sequence[Cell]) -> TableRow:
    return TableRow(row.name, row.full_name, cells)


def metric_head(traits: MetricTraits, label: str) -> str:
    """Return the head of the column of a metric: its unit, and which way is better."""
    unit = f" ({traits.unit})" if traits.unit else ""
    return f"{label}{unit} {'↑' if traits.higher_is_better else '↓'}"


def printed(traits: MetricTraits) -> int:
    """Return how many digits papers print: two of dB, four of what has no unit."""
    return 2 if traits.unit == "dB" else EXACT


def _picture_rows(compared: Compared, place: str, gained: bool) -> Iterator[TableRow]:
    labels = compared.every_label
    none = [Cell("")] * ((4 if gained else 2) * len(labels) + 1)
    for row in compared.rows:
        if place != MEAN_OF_SETS:
            for image, values in compared.scores.sets[place][row.full_name].images.items():
                cells = [_number(values.get(label)) for label in labels]
                yield _row(row, [Cell(image), *cells, *none])
        means = [_number(compared.mean(place, label, row.full_name)) for label in labels]
        gains = [
            _number(one)
            for label in (labels if gained else ())
            for one in compared.gain(place, label, row.full_name)
        ]
        ends = [
            _number(one)
            for label in labels
            for one in compared.interval(place, label, row.full_name)
        ]
        yield _row(
            row, [Cell("mean"), *means, *ends, *gains, Cell(_whole_protocol(compared, place))]
        )


def _whole_protocol(compared: Compared, place: str) -> str:
    if place == MEAN_OF_SETS:
        return ""
    return protocol_words(compared.scores.sets[place].protocol, short=False)


def _interval_text(compared: Compared, place: str, label: str, model: str) -> str:
    """Return an interval with as many digits as papers print; "" where there is none."""
    low, high = compared.interval(place, label, model)
    digits = printed(compared.traits(label))
    return f"[{low:.{digits}f}, {high:.{digits}f}]" if isfinite(low) else ""


def _number(value: float | None) -> Cell:
    known = value is not None and isfinite(value)
    return Cell(str(value), value) if known else Cell("")
