"""How does text look to a person, on a terminal and elsewhere?"""

import json
import os
import shutil
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from srkit_core.cli.output import OUT, encodable, one_line, printable, say, say_styled, say_text
from srkit_core.cli.table import filled, table_lines
from srkit_core.launch import launch

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def process_number() -> int:
    """The number of this process among those that a launcher started for one run; 0 when alone."""
    place = launch()
    return place.rank if place else 0


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return OUT.isatty()


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, bad: frozenset[int] = frozenset()
) -> None:
    """Print a table: fitted to a terminal, or to COLUMNS where a person sets it.

    On a terminal rows numbered in `bad` are red.
    """
    heads, *cells = [[one_line(cell) for cell in row] for row in (headers, *rows)]
    head, *lines = table_lines(heads, cells, line_width())
    styled = on_terminal() and "NO_COLOR" not in os.environ
    say_styled(head, bold=True) if styled else say(*head)
    for number, row in enumerate(lines):
        say_styled(row, fg="red") if styled and number in bad else say(*row)


def print_text(text: str) -> None:
    """Print paragraphs, fitted as tables are; one that begins with blanks stays as it is."""
    width = line_width()
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            say()
        lines = paragraph.split("\n")
        flowing = width is not None and not any(line[:1] in (" ", "-", "*") for line in lines)
        for line in [" ".join(lines)] if flowing else lines:
            say(*filled(one_line(line), width))


def line_width() -> int | None:
    """Return how many columns a line may have; None where nobody looks at a terminal."""
    named = os.environ.get("COLUMNS", "")
    if named.isdigit() and int(named) > 0:
        return int(named)
    return shutil.get_terminal_size().columns if on_terminal() else None


def print_json(document: Any) -> None:
    """Print one JSON document; what a terminal must not see is escaped as JSON escapes it."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    known = text == encodable(printable(text), OUT.encoding)
    say_text((text if known else json.dumps(document, indent=2)) + "\n")
