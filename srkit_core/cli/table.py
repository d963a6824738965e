"""How do rows fit a width without breaking a word?"""

import textwrap
from collections.abc import Sequence

_GAP = "  "
_NARROWEST = 20
"""Fewer columns than these for what is read as sentences are not read any more (empirical)."""


def table_lines(
    headers: Sequence[str], rows: Sequence[Sequence[str]], width: int | None
) -> list[list[str]]:
    """Return the lines of the head, and of each row: aligned columns, in a width where one is
    given.

    Cells are broken between words. Where words or too many columns leave no room, each row becomes
    a heading with its cells below, under their names.
    """
    table = [headers, *rows]
    natural = [max(map(len, column)) for column in zip(*table, strict=True)]
    widths = natural if width is None else _fitted(natural, _longest_words(table), width)
    if widths is None:
        return _records(headers, rows, width or 0)
    return [_row(row, widths) for row in table]


def filled(text: str, width: int | None, indent: str = "") -> list[str]:
    """Return a text as lines of a width, broken between words; lines after the first are indented.
    A line that begins with blanks stays as it is.
    """
    if width is None or text[:1].isspace():
        return [text]
    return _wrapped(text, width, indent)


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    wrapped = textwrap.wrap(
        text, max(width, 1), subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return wrapped or [""]


def _longest_words(table: Sequence[Sequence[str]]) -> list[int]:
    columns = zip(*table, strict=True)
    return [max((len(word) for cell in one for word in cell.split()), default=0) for one in columns]


def _fitted(natural: list[int], least: list[int], width: int) -> list[int] | None:
    """Narrow the widest columns until all of them fit, none below its longest word."""
    widths, room = list(natural), width - len(_GAP) * (len(natural) - 1)
    while sum(widths) > room:
        narrower = [one for one in range(len(widths)) if widths[one] > least[one]]
        if not narrower:
            return None
        widest = max(narrower, key=lambda one: widths[one])
        widths[widest] -= 1
    return widths if _readable(natural, widths) else None


def _readable(natural: list[int], widths: list[int]) -> bool:
    return all(
        width == whole or width >= _NARROWEST or whole <= 2 * width
        for whole, width in zip(natural, widths, strict=True)
    )


def _row(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = [
        [cell] if len(cell) <= width else _wrapped(cell, width)
        for cell, width in zip(row, widths, strict=True)
    ]
    height = max(map(len, cells), default=1)
    full = [[*cell, *[""] * (height - len(cell))] for cell in cells]
    return [
        _GAP.join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip()
        for line in zip(*full, strict=True)
    ]


def _records(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """Return rows as a heading each, the first cell, with the other cells that say something."""
    lines = [[headers[0]] if headers[0] else []]
    for row in rows:
        record = [row[0]]
        for header, cell in zip(headers[1:], row[1:], strict=True):
            if cell:
                record += [f"  {one}" for one in _wrapped(f"{header}: {cell}", width - 2, "  ")]
        lines.append(record)
    return lines
