"""How do scores reach a person and the files that were asked for?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.output import say
from srkit_core.cli.render import print_table, print_text

if TYPE_CHECKING:
    from srkit_core.evaluation.tables.figures import Compared
    from srkit_core.evaluation.tables.table_parts import Table

CsvFile = Annotated[
    Path | None,
    typer.Option("--csv", help="Write a row per picture and model, and rows of means, to a file."),
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", help="Write the table of means as Markdown to a file.")
]
LatexFile = Annotated[
    Path | None, typer.Option("--latex", help="Write the table of means as LaTeX to this file.")
]


@dataclass(frozen=True)
class ScoreFiles:
    """Files to write, of those that are asked for."""

    csv: Path | None
    markdown: Path | None
    latex: Path | None
    json: Path | None = None


def tell_scores(
    found: "Compared",
    files: ScoreFiles,
    document: Callable[[], Mapping[str, Any]] | None = None,
    *,
    published: bool = False,
) -> None:
    """Print the tables, with `published` figures if asked, and write the files that are asked for;
    `document` is what JSON holds.
    """
    from srkit_core.evaluation.tables.difference_tables import difference_tables, few_pictures_notes
    from srkit_core.evaluation.tables.explained_tables import explained_tables
    from srkit_core.evaluation.tables.score_tables import long_tables, notes, wide_tables

    more = (*difference_tables(found), *explained_tables(found))
    said = [*notes(found), *few_pictures_notes(found)]
    if published:
        from srkit_core.evaluation.tables.published_tables import published_notes, published_tables

        more, said = (*more, *published_tables(found)), [*said, *published_notes(found)]
    _print((*long_tables(found), *more))
    for note in said:
        print_text(note)
    if files.json and document:
        from srkit_core.io.documents import write_json

        write_json(files.json, document())
    _write(found, (*wide_tables(found), *more), said, files)


def _print(tables: "tuple[Table, ...]") -> None:
    from srkit_core.evaluation.tables.outputs import text_rows

    for number, table in enumerate(tables):
        if number:
            say()
        print_text(table.caption)
        print_table(*text_rows(table))


def _write(
    found: "Compared", tables: "tuple[Table, ...]", said: list[str], files: ScoreFiles
) -> None:
    from srkit_core.evaluation.tables.outputs import csv_text, latex, markdown
    from srkit_core.evaluation.tables.score_tables import picture_table
    from srkit_core.io.atomic import write_text

    if files.csv:
        write_text(files.csv, csv_text(picture_table(found)))
    if files.markdown:
        write_text(files.markdown, markdown(tables, said))
    if files.latex:
        write_text(files.latex, latex(tables, said))
