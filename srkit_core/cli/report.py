"""How does a person make a page of runs and scores?"""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from srkit_core.cli.output import say
from srkit_core.errors import DataError, RecipeError
from srkit_core.file_sizes import said_size
from srkit_core.home import at_home

Made = Annotated[
    list[Path] | None,
    typer.Option(
        help="A folder of srkit eval --pictures, for scores whose pictures are not in a folder "
        "of their name beside them. May be given several times."
    ),
]
TrueHr = Annotated[
    list[Path] | None,
    typer.Option(
        help="A folder of HR, which then stands beside what models made of it. May be given "
        "several times."
    ),
]


def report_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN|EVAL.json...",
            help="Run folders, and files that srkit eval --json wrote.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The page to write, such as report.html.")],
    pictures: Made = None,
    data: TrueHr = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of that name.")] = (
        False
    ),
) -> None:
    """Write one page of HTML that can be sent: what was trained, curves, scores and pictures."""
    from srkit_core.io.atomic import write_text
    from srkit_core.io.output_files import check_outputs
    from srkit_core.registry import discover
    from srkit_core.report.write_report import read_told, report_page

    if out.suffix.lower() not in (".html", ".htm"):
        fact = f"--out {out} is no page"
        raise RecipeError(fact, hint=f"--out {shlex.quote(str(out.with_suffix('.html')))}")
    check_outputs([out], overwrite=overwrite)
    _check_folders([*(pictures or ()), *(data or ())])
    told = read_told(paths, pictures or (), data or ())
    for run in told.runs:
        for fault in run.faults:
            say(f"note: {run.label}: {fault}", err=True)
    write_text(out, report_page(told, discover()))
    say(f"page: {out} ({said_size(out.stat().st_size)})")


def _check_folders(folders: list[Path]) -> None:
    """Raise DataError where a folder of pictures is none."""
    for folder in map(at_home, folders):
        if not folder.is_dir():
            raise DataError(f"there is no folder {folder}", hint="check the path", path=folder)
