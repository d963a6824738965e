"""What does a degradation do to my picture?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srkit_core.cli.output import say
from srkit_core.errors import RecipeError

if TYPE_CHECKING:
    from srkit_core.io.images import Pixels


def degrade_command(
    picture: Annotated[Path, typer.Argument(metavar="INPUT", help="A picture.")],
    out: Annotated[Path, typer.Option(help="The contact sheet to write, such as sheet.png.")],
    chain: Annotated[
        str,
        typer.Option(
            "--degrade", help="How LR is made from HR, such as 'blur(sigma=0.2..3) | bicubic'."
        ),
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is drawn.")] = 0,
    scale: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="HR size over LR size (default: the chain's, or 4)."),
    ] = None,
    count: Annotated[
        int, typer.Option(min=1, max=48, help="How many times the picture is degraded.")
    ] = 8,
    side: Annotated[
        int, typer.Option(min=16, help="Side of the central crop that is shown, in HR pixels.")
    ] = 256,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of that name.")] = (
        False
    ),
) -> None:
    """Degrade a picture several times, and write what comes of it with what was drawn."""
    from srkit_core.evaluation.contact_sheet import contact_sheet, describe_draws
    from srkit_core.evaluation.degrade_picture import degrade
    from srkit_core.io.images import writable_endings
    from srkit_core.io.output_files import check_outputs

    if out.suffix.lower() not in writable_endings():
        raise RecipeError(f"--out {out} is no picture", hint=f"--out {out.with_suffix('.png')}")
    check_outputs([out], overwrite=overwrite)
    degraded = degrade(picture, chain, scale=scale, count=count, side=side, seed=seed)
    _write_sheet(out, contact_sheet(degraded.hr, degraded.results))
    for note in degraded.notes:
        say(f"note: {picture}: {note}", err=True)
    for number, one in enumerate(degraded.results, start=1):
        say(f"{number}  {'; '.join(describe_draws(one.draws))}")
    say(f"contact sheet: {out}")


def _write_sheet(out: Path, sheet: "Pixels") -> None:
    from srkit_core.data.own_work import remember
    from srkit_core.io.images import Photo, looks_gray, write_photo

    write_photo(out, Photo(sheet, gray=looks_gray(sheet)))
    remember(out)
