"""How does it stand in a table that one model is better than another on the same pictures?"""

from collections.abc import Iterator
from math import isfinite

from srkit_core.evaluation.mean_intervals import MeanDifference
from srkit_core.evaluation.tables.figures import Compared
from srkit_core.evaluation.tables.score_tables import EXACT, signed
from srkit_core.evaluation.tables.table_parts import Block, Cell, Table, TableColumn, TableRow

_COLUMNS = ("metric", "difference", "95 % interval", "p")


def difference_tables(compared: Compared) -> tuple[Table, ...]:
    """Return the table of differences from the row that the others are tested against; none where
    nothing is tested.
    """
    against = next((one.against for one in compared.scores.sets.values()), None)
    if against is None:
        return ()
    blocks = [
        Block(place, tuple(_rows(compared, place)))
        for place, scores in compared.scores.sets.items()
        if len(scores.models) > 1
    ]
    caption = (
        f"difference from {against} on the same pictures; p: how often it would be so large if "
        "each picture's had its sign by chance"
    )
    columns = [TableColumn(one) for one in _COLUMNS]
    return (Table(caption, "model", columns, blocks, heading="set"),) if blocks else ()


def few_pictures_notes(compared: Compared) -> Iterator[str]:
    """Say where there are too few pictures for a small p-value, or for an interval."""
    counts = {
        name: max((one.pictures for _, _, one in scores.differences()), default=0)
        for name, scores in compared.scores.sets.items()
        if scores.against is not None
    }
    for name, count in counts.items():
        if 0 < count < 6:
            before = f"{name}: " if name else ""
            yield f"{before}p is never below {2 / 2**count:.4g} of {count} pictures"


def _rows(compared: Compared, place: str) -> Iterator[TableRow]:
    names = {row.full_name: row.name for row in compared.rows}
    for model, label, one in compared.scores.sets[place].differences():
        cells = [Cell(label), *_cells(one)]
        yield TableRow(names.get(model, model), model, cells)


def _cells(one: MeanDifference) -> list[Cell]:
    if not one.pictures:
        return [Cell("none judged by both"), Cell(""), Cell("")]
    low, high = one.interval
    interval = f"{signed(low, EXACT)} to {signed(high, EXACT)}" if isfinite(low) else "too few"
    return [Cell(signed(one.mean, EXACT), one.mean), Cell(interval), Cell(f"{one.p:.4f}", one.p)]
