"""Which rows of a log are drawn, however long it is?

A line has no more than some hundred pixels. So of a long log each group of neighbouring rows of
training is three: in every column the lowest figure, the highest, and one that was drawn blindly,
so that neither a spike nor the median of rows is lost. Rows of validations all stay.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from math import ceil, isfinite
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple

from srkit_core.run_documents import POSITION_COLUMNS, LoggedRow, each_row

MOST_ROWS: Final = 12_000
"""A log with more is thinned, to ten groups for each pixel of a line in `curves.png`."""
_KEPT: Final = 3
_BLOCK: Final = 2**20


class DrawnRows(NamedTuple):
    """Rows of a log, and for how many of training each of them stands."""

    rows: Sequence[LoggedRow]
    each: int = 1


def drawn_rows(path: Path, hint: str, size: int | None = None) -> DrawnRows:
    """Return the rows of metrics.csv, of its first `size` bytes if given, thinned where there are
    more than `MOST_ROWS`; its rows are never all in memory.

    Raises as `each_row` does.
    """
    lines = each_row(path, hint, size)
    header = next(lines)
    each = ceil(_lines_in(path) / MOST_ROWS)
    kept = lines if each == 1 else _thinned(header, lines, _KEPT * each)
    return DrawnRows([dict(zip(header, line, strict=True)) for line in kept], each)


def _lines_in(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))


def _thinned(
    header: Sequence[str], lines: Iterator[Sequence[str]], size: int
) -> Iterator[Sequence[str]]:
    """Yield validations as they are, and three rows for each `size` of training of one stage."""
    place = itemgetter(header.index("split"), header.index("stage"))
    figures = [number for number, name in enumerate(header) if name not in POSITION_COLUMNS]
    for (split, _), era in groupby(lines, key=place):
        if split != "train":
            yield from era
            continue
        rows = iter(era)
        while group := list(islice(rows, size)):
            yield from group if len(group) <= _KEPT else _three_of(group, figures)


def _three_of(group: Sequence[Sequence[str]], figures: Sequence[int]) -> Iterator[Sequence[str]]:
    """Return the first, the middle and the last row with other figures: of each column the lowest
    and the highest, in the order in which they came, around the middle row's.
    """
    first, middle, last = (list(group[place]) for place in (0, len(group) // 2, -1))
    columns = list(zip(*group, strict=True))
    for number in figures:
        first[number], last[number] = _ends(columns[number])
    return iter((first, middle, last))


def _ends(column: Sequence[str]) -> tuple[str, str]:
    """Return the lowest and the highest figure of a column, the one before the other as there."""
    cells = [text for text in column if text]
    values = list(map(float, cells))
    if not isfinite(sum(values)):
        cells = [text for text, value in zip(cells, values, strict=True) if isfinite(value)]
        values = list(map(float, cells))
    if not values:
        return "", ""
    low, high = sorted((values.index(min(values)), values.index(max(values))))
    return cells[low], cells[high]
