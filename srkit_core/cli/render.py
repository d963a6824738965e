"""How does text look to a person, on a terminal and elsewhere?"""

import json
import os
from collections.abc import Sequence
from typing import IO, Annotated, Any, cast

import typer

from srkit_core.cli.output import OUT, encodable, one_line, printable, say, say_text

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def process_number() -> int:
    """The number of this process among those that a launcher started for one run; 0 when alone."""
    return int(os.environ.get("RANK", "0"))


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return OUT.isatty()


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, bad: frozenset[int] = frozenset()
) -> None:
    """Print a table: fitted to a terminal, aligned columns elsewhere.

    Rows numbered in `bad` are red.
    """
    heads, *cells = [[one_line(cell) for cell in row] for row in (headers, *rows)]
    if on_terminal():
        _rich_table(heads, cells, bad)
    else:
        _plain_table(heads, cells)


def print_json(document: Any) -> None:
    """Print one JSON document; what a terminal must not see is escaped as JSON escapes it."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    known = text == encodable(printable(text), OUT.encoding)
    say_text((text if known else json.dumps(document, indent=2)) + "\n")


def _plain_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    say(
        *(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (headers, *rows)
        )
    )


def _rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]], bad: frozenset[int]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(Text(header), overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*map(Text, row), style="red" if number in bad else None)
    Console(file=cast("IO[str]", OUT)).print(table)
