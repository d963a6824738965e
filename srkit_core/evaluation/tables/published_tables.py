"""How do published figures stand beside ours?"""

from collections.abc import Iterator

from srkit_core.evaluation.paper_figures import PublishedFigure, published_figures
from srkit_core.evaluation.tables.figures import Compared
from srkit_core.evaluation.tables.score_tables import printed, signed
from srkit_core.evaluation.tables.table_parts import Block, Cell, Table, TableColumn, TableRow

_COLUMNS = ("set", "metric", "published", "ours", "difference")


def published_tables(compared: Compared) -> tuple[Table, ...]:
    """Return a table of the published figures that are known of the rows, beside ours; none where
    none are known.
    """
    rows = tuple(
        _row(compared, place, name, one)
        for place, scores in compared.scores.sets.items()
        for name, one in published_figures(place, scores)
    )
    caption = "published figures, of luma with border = scale, and by how much ours are above them"
    columns = [TableColumn(one) for one in _COLUMNS]
    return (Table(caption, "model", columns, [Block("", rows)]),) if rows else ()


def published_notes(compared: Compared) -> Iterator[str]:
    """Say where published figures stand, and where none is known."""
    found = [
        one for place, s in compared.scores.sets.items() for _, one in published_figures(place, s)
    ]
    for model, source in dict.fromkeys((one.model, one.source) for one in found):
        yield f"published of {model}: {source}"
    for place, scores in compared.scores.sets.items():
        known = {name for name, _ in published_figures(place, scores)}
        missing = [name for name in scores.names if name not in known]
        if missing:
            before = f"{place}: " if place else ""
            yield f"{before}no published figure is known of {', '.join(missing)} there"


def _row(compared: Compared, place: str, name: str, one: PublishedFigure) -> TableRow:
    ours, digits = compared.mean(place, one.label, name), printed(compared.traits(one.label))
    cells = [
        Cell(one.set_name),
        Cell(one.label),
        Cell(f"{one.value:.{digits}f}", one.value),
        Cell(f"{ours:.{digits}f}", ours),
        Cell(signed(ours - one.value, digits), ours - one.value),
    ]
    return TableRow(name, name, cells)
