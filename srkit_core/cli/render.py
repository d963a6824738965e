"""How does text look to a person, on a terminal and elsewhere?"""

import json
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def process_number() -> int:
    """The number of this process among those that a launcher started for one run; 0 when alone."""
    return int(os.environ.get("RANK", "0"))


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, bad: frozenset[int] = frozenset()
) -> None:
    """Print a table: fitted to a terminal, aligned columns elsewhere.

    Rows numbered in `bad` are red.
    """
    if on_terminal():
        _rich_table(headers, rows, bad)
    else:
        _plain_table(headers, rows)


def print_json(document: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _plain_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for row in (headers, *rows):
        typer.echo(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]], bad: frozenset[int]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*map(Text, row), style="red" if number in bad else None)
    Console().print(table)
