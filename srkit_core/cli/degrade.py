"""What does a degradation do to my picture?"""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srkit_core.errors import DataError, RecipeError

if TYPE_CHECKING:
    from srkit_core.chain import DegradationPlan
    from srkit_core.expressions import Chain
    from srkit_core.registry import Registry


def degrade(
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
        typer.Option(min=1, help="HR size over LR size (default: what the chain makes, else 4)."),
    ] = None,
    count: Annotated[
        int, typer.Option(min=1, max=48, help="How many times the picture is degraded.")
    ] = 8,
    side: Annotated[
        int, typer.Option(min=16, help="Side of the central crop that is shown, in HR pixels.")
    ] = 256,
) -> None:
    """Degrade a picture several times, and write what comes of it with what was drawn."""
    from srkit_core.evaluation.contact_sheet import contact_sheet, degraded, said
    from srkit_core.expressions import parse_chain
    from srkit_core.io.images import WRITABLE, read_image, write_image
    from srkit_core.models.build import build_degradation
    from srkit_core.registry import discover

    if out.suffix.lower() not in WRITABLE:
        raise RecipeError(f"--out {out} is no picture", hint=f"--out {out.with_suffix('.png')}")
    if out.exists():
        raise RecipeError(f"{out} exists already", hint="--out another file")
    planned = _planned(discover(), parse_chain(chain), scale)
    scale = planned.scale
    pixels = read_image(picture)
    room = min(pixels.shape[:2]) // scale * scale
    if room < scale:
        raise DataError(
            f"{picture} is smaller than one LR pixel", hint="give a larger picture", path=picture
        )
    kept = min(side // scale * scale or scale, room)
    top, left = ((length - kept) // 2 // scale * scale for length in pixels.shape[:2])
    hr = pixels[top : top + kept, left : left + kept].copy()
    results = degraded(build_degradation(planned), hr, count, seed)
    write_image(out, contact_sheet(hr, results))
    for number, one in enumerate(results, start=1):
        typer.echo(f"{number}  {'; '.join(said(one.draws))}")
    typer.echo(f"contact sheet: {out}")


def _planned(registry: "Registry", chain: "Chain", scale: int | None) -> "DegradationPlan":
    """Bind a chain for the scale that was asked for, else for the one it makes of itself, else for
    4.
    """
    from srkit_core.chain import bind_chain
    from srkit_core.errors import IncompatibleError

    for guess in (4, 1, 2, 3) if scale is None else ():
        with suppress(IncompatibleError):
            return bind_chain(registry, chain, guess)
    return bind_chain(registry, chain, scale or 4)
