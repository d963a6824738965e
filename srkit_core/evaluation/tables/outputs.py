"""How is a table written: as text, Markdown, LaTeX or CSV?"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from srkit_core.evaluation.tables.table_parts import Block, Cell, Table, TableColumn

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>|~#])")
_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "±": r"$\pm$",
    **{char: f"\\{char}" for char in "&%$#_{}"},
}
"""What LaTeX would take for a command, and what its usual font has not."""


def text_rows(table: Table) -> tuple[list[str], list[list[str]]]:
    """Return the heads and the cells of a table as text: below a heading names are indented, and
    the best of a column is followed by a star.
    """
    heads = [table.first, *(_joined_head(one) for one in table.columns)]
    rows = list[list[str]]()
    for block in table.blocks:
        if block.heading:
            rows.append([block.heading, *("" for _ in table.columns)])
        indent = "  " if block.heading else ""
        rows += [
            [indent + row.name, *(f"{one.text} *" if one.best else one.text for one in row.cells)]
            for row in block.rows
        ]
    return heads, rows


def markdown(tables: Sequence[Table], notes: Sequence[str] = ()) -> str:
    """Return tables in Markdown, the best of each column bold."""
    parts = [
        "\n\n".join(filter(None, [_plain(one.caption), _markdown_table(one)])) for one in tables
    ]
    return "\n\n".join([*parts, *map(_plain, notes)]) + "\n"


def latex(tables: Sequence[Table], notes: Sequence[str] = ()) -> str:
    """Return tables in LaTeX with the lines of booktabs, the best of each column bold."""
    parts = [
        "\n".join([*_comments([one.caption] if one.caption else []), _latex_table(one)])
        for one in tables
    ]
    head = "% \\usepackage{booktabs}, in the preamble of the document"
    return "\n".join([head, *parts, *_comments(notes)]) + "\n"


def csv_text(table: Table) -> str:
    """Return a table as CSV: exact values, empty where there is none; headings are a first column
    where there are any.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    headed = table.has_headings
    writer.writerow(
        [*([table.heading] if headed else []), table.first, *(one.head for one in table.columns)]
    )
    for block in table.blocks:
        first = [block.heading] if headed else []
        writer.writerows(
            [*first, row.full_name, *(_exact(one) for one in row.cells)] for row in block.rows
        )
    return text.getvalue()


def _exact(cell: Cell) -> float | str:
    return cell.text if cell.value is None else cell.value


def _joined_head(column: TableColumn) -> str:
    return " ".join(filter(None, [column.over, column.head]))


def _markdown_table(table: Table) -> str:
    heads = [table.first, *(_joined_head(one) for one in table.columns)]
    lines = [_piped(map(_plain, heads)), _piped(["---", *("---:" for _ in table.columns)])]
    for block in table.blocks:
        if block.heading:
            lines.append(_piped([f"*{_plain(block.heading)}*", *("" for _ in table.columns)]))
        lines += [
            _piped([_plain(row.name), *(_bold_markdown(one) for one in row.cells)])
            for row in block.rows
        ]
    return "\n".join(lines)


def _piped(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _bold_markdown(cell: Cell) -> str:
    return f"**{_plain(cell.text)}**" if cell.best else _plain(cell.text)


def _plain(text: str) -> str:
    """Return text that Markdown takes for nothing else."""
    return _MARKDOWN.sub(r"\\\1", _one_line(text))


def _latex_table(table: Table) -> str:
    width = len(table.columns) + 1
    lines = [f"\\begin{{tabular}}{{l{'r' * len(table.columns)}}}", "\\toprule"]
    lines += [*_spanning_heads(table.columns)]
    lines += [_ended([table.first, *(one.head for one in table.columns)]), "\\midrule"]
    for number, block in enumerate(table.blocks):
        lines += [*(["\\midrule"] if number else []), *_latex_block(block, width)]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def _spanning_heads(columns: Sequence[TableColumn]) -> Iterator[str]:
    """Yield the line of what stands over several columns, if there is any, and the rules below."""
    if not any(column.over for column in columns):
        return
    cells, rules, at = [""], [], 2
    for over, some in groupby(columns, lambda column: column.over):
        count = len(list(some))
        cells.append(f"\\multicolumn{{{count}}}{{c}}{{{_tex(over)}}}")
        rules.append(f"\\cmidrule(lr){{{at}-{at + count - 1}}}")
        at += count
    yield f"{' & '.join(cells)} \\\\"
    yield " ".join(rules)


def _latex_block(block: Block, width: int) -> Iterator[str]:
    if block.heading:
        yield f"\\multicolumn{{{width}}}{{l}}{{\\emph{{{_tex(block.heading)}}}}} \\\\"
    for row in block.rows:
        cells = [
            f"\\textbf{{{_tex(one.text)}}}" if one.best else _tex(one.text) for one in row.cells
        ]
        yield f"{' & '.join([_tex(row.name), *cells])} \\\\"


def _ended(cells: Sequence[str]) -> str:
    return f"{' & '.join(map(_tex, cells))} \\\\"


def _tex(text: str) -> str:
    """Return text that LaTeX takes for nothing else."""
    return "".join(_LATEX.get(char, char) for char in _one_line(text))


def _comments(texts: Sequence[str]) -> list[str]:
    return [f"% {_one_line(text)}" for text in texts]


def _one_line(text: str) -> str:
    return " ".join(text.split())
