"""How do scores of several files and runs stand side by side?"""

from typing import TYPE_CHECKING, Annotated

import typer

from srkit_core.cli.score_output import CsvFile, LatexFile, MarkdownFile, ScoreFiles, tell_scores

if TYPE_CHECKING:
    from srkit_core.evaluation.scores_by_set import ScoresBySet

Sources = Annotated[
    list[str],
    typer.Argument(metavar="A.json|RUN...", help="Files of srkit eval --json, and run folders."),
]
AgainstRow = Annotated[
    str | None,
    typer.Option(metavar="ROW", help="Test all others against this row (default: the first)."),
]
PublishedFlag = Annotated[
    bool, typer.Option("--published", help="Put published figures of known models beside ours.")
]
ReplaceFlag = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]


def compare_command(
    sources: Sources,
    against: AgainstRow = None,
    published: PublishedFlag = False,
    csv_file: CsvFile = None,
    markdown_file: MarkdownFile = None,
    latex_file: LatexFile = None,
    overwrite: ReplaceFlag = False,
) -> None:
    """Put scores side by side in one table; those of other protocols or pictures are refused."""
    from srkit_core.evaluation.tables.figures import compared_rows
    from srkit_core.io.output_files import check_outputs

    files = ScoreFiles(csv_file, markdown_file, latex_file)
    check_outputs(vars(files).values(), overwrite=overwrite)
    found = compared_rows(_compared(sources, against))
    tell_scores(found, files, published=published)


def _compared(sources: list[str], against: str | None) -> "ScoresBySet":
    from srkit_core.evaluation.comparison import sets_side_by_side
    from srkit_core.evaluation.run_scores import scores_of
    from srkit_core.registry import discover

    registry = discover()
    named = [(scores_of(word, registry), word) for word in sources]
    joined = sets_side_by_side(named, against)
    first, *others = joined.names
    has_pictures = all(row.images for one in joined.sets.values() for row in one.models)
    if against is None and others and has_pictures:
        return sets_side_by_side([(joined, "")], first)
    return joined
