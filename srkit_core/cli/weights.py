"""What is in a weights file?"""

from pathlib import Path
from typing import Annotated

import typer

from srkit_core.cli.render import print_json


def show(
    file: Annotated[Path, typer.Argument(help="A weights file of srkit.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Show which model a weights file is for, and what made it."""
    from srkit_core.parts.weights import read_card, read_tensors

    card = read_card(file)
    numbers = sum(tensor.numel() for tensor in read_tensors(file).values())
    facts = {
        "file": str(file),
        "generator": str(card.generator),
        "scale": card.scale,
        "step": card.step,
        "numbers": numbers,
        "versions": dict(card.versions),
    }
    if as_json:
        print_json(facts | {"recipe": card.recipe})
        return
    versions = ", ".join(f"{name} {version}" for name, version in sorted(card.versions.items()))
    typer.echo(f"{file}\ngenerator: {card.generator}\nscale: {card.scale}\ntrained: {card.step} steps")
    typer.echo(f"numbers in the file: {numbers:,}\nmade with: {versions}")
    typer.echo(f"\n{card.recipe}", nl=False)
