"""How does a model become a file that other tools open, from the command line?"""

from pathlib import Path
from typing import Annotated

import typer

from srkit_core.cli.output import say
from srkit_core.export.export_options import (
    ExportFormat,
    ExportOptions,
    StoredPrecision,
    TableKey,
)
from srkit_core.file_sizes import said_size


def export_command(
    model: Annotated[
        str,
        typer.Argument(help="Weights, a run folder, or a name of weights list."),
    ],
    to: Annotated[ExportFormat, typer.Option(help="What to write.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    title: Annotated[
        str, typer.Option(help="What the model is called (default: the name of the file).")
    ] = "",
    author: Annotated[str, typer.Option(help="Whose model it is.")] = "",
    licence: Annotated[str, typer.Option(help="Its licence, such as CC-BY-4.0.")] = "",
    key: Annotated[TableKey, typer.Option(help="The table of a .pth file.")] = "params",
    precision: Annotated[
        StoredPrecision, typer.Option(help="How an OpenVINO file stores numbers.")
    ] = "fp32",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of that name.")] = (
        False
    ),
) -> None:
    """Write a model as a file that other tools open."""
    from srkit_core.cli.progress import ProgressView
    from srkit_core.export.export_model import export_model

    options = ExportOptions(title, author, licence, key, precision)
    with ProgressView() as view:
        written = export_model(
            model,
            to,
            out,
            options,
            overwrite=overwrite,
            report=view.on_download,
            note=view.on_note,
        )
    say(*written.notes)
    if written.difference is not None:
        say(f"largest difference from torch, on pictures of two sizes: {written.difference:.2g}")
    for file in written.files:
        say(f"written: {file} ({said_size(file.stat().st_size)})")
