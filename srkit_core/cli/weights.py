"""Which weights are at hand, and what is in them?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.output import say, say_text
from srkit_core.cli.render import JsonFlag, print_json, print_table, print_text
from srkit_core.errors import RecipeError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from srkit_core.models.foreign_weights import Recognised
    from srkit_core.models.weights_file import Card
    from srkit_core.pretrained import FoundWeights
    from srkit_core.registry import Registry

NameArgument = Annotated[
    str, typer.Argument(help="A pretrained network, as srkit weights list names it.")
]

_HEADS = ["name", "for", "size", "here", "licence"]
_HERE, _FETCHED, _BROUGHT = "yes", "to fetch", "nowhere"


def weights_list_command(as_json: JsonFlag = False) -> None:
    """List the pretrained networks that plugins know, and where they are on this machine."""
    from srkit_core.registry import discover

    rows = at_hand(discover())
    if as_json:
        print_json({"weights": rows})
        return
    print_known(rows)


def weights_get_command(name: NameArgument) -> None:
    """Fetch a pretrained network into srkit's cache, unless it is on this machine already."""
    from srkit_core.cli.progress import ProgressView
    from srkit_core.pretrained import obtain
    from srkit_core.registry import discover

    with ProgressView() as view:
        found = obtain(discover().pretrained(name), view.on_download)
    _say_where(found)


def weights_add_command(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="A file that holds it, whatever it is called.")],
) -> None:
    """Copy a file that holds a pretrained network into srkit's cache, after checking that it is the
    one.
    """
    from srkit_core.pretrained import add_weights
    from srkit_core.registry import discover

    _say_where(add_weights(discover().pretrained(name), file))


def weights_import_command(
    file: Annotated[
        Path, typer.Argument(help="Weights of another project: .pth, .pt or .safetensors.")
    ],
    out: Annotated[Path, typer.Option(help="The weights file of srkit to write.")],
    gen: Annotated[
        str | None, typer.Option(help="The generator; options left out come from the file.")
    ] = None,
) -> None:
    """Make a weights file of srkit from one of another project."""
    from srkit_core.expressions import parse_call
    from srkit_core.models.foreign_weights import import_weights
    from srkit_core.models.weights_file import save_weights
    from srkit_core.registry import discover

    _check_out(out)
    registry = discover()
    found, tensors = import_weights(file, registry, parse_call(gen) if gen else None)
    save_weights(out, tensors, _card(file, found, registry))
    say(f"{file} is {found.layout.name}: {found.bound.expression}, x{found.scale}")
    say(f"weights: {out}")


def weights_show_command(
    file: Annotated[Path, typer.Argument(help="A weights file of srkit.")],
    as_json: JsonFlag = False,
) -> None:
    """Show which model a weights file is for, and what made it."""
    from srkit_core.models.find_model import own_file
    from srkit_core.models.weights_file import read_card, read_tensors
    from srkit_core.registry import discover

    card = read_card(own_file(file, discover()))
    numbers = sum(tensor.numel() for tensor in read_tensors(file).values())
    facts = {
        "file": str(file),
        "generator": str(card.generator),
        "scale": card.scale,
        "step": card.step,
        "numbers": numbers,
        "versions": dict(card.versions),
        "origin": card.origin,
    }
    if as_json:
        print_json(facts | {"recipe": card.recipe})
        return
    versions = ", ".join(f"{name} {version}" for name, version in sorted(card.versions.items()))
    made = f"imported: {card.origin}" if card.origin else f"trained: {card.step} steps"
    say(str(file), f"generator: {card.generator}", f"scale: {card.scale}", made)
    say(f"numbers in the file: {numbers:,}", f"made with: {versions}")
    if card.recipe:
        say_text(f"\n{card.recipe}")


def print_known(known: "Sequence[dict[str, Any]]") -> None:
    """Print pretrained networks: what for, whether they can be had, and the files on this machine.

    A path is never broken.
    """
    print_table(_HEADS, [_row_of(one) for one in known])
    if any(not one["path"] and not one["published"] for one in known):
        say()
        print_text(
            f"{_BROUGHT}: srkit knows no place to fetch it from; "
            "srkit weights add NAME FILE takes a file that you have"
        )
    here = [f"{one['name']}: {one['path']}" for one in known if one["path"]]
    if here:
        say("", *here)


def _row_of(facts: dict[str, Any]) -> list[str]:
    whole = f"x{facts['scale']} model" if facts["scale"] else "model"
    obtainable = _FETCHED if facts["published"] else _BROUGHT
    return [
        facts["name"],
        whole if facts["generator"] else "loss/metric",
        _size(facts["size"]),
        _HERE if facts["path"] else obtainable,
        facts["licence"],
    ]


def _size(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def at_hand(registry: "Registry") -> list[dict[str, Any]]:
    """Return every pretrained network that is known, with its file on this machine or None."""
    from srkit_core.pretrained import find

    rows = []
    for spec in registry.weights:
        found = find(spec)
        file = found.file if found else spec.files[0]
        path = str(found.path) if found else None
        rows.append(
            {
                "name": spec.name,
                "summary": spec.summary,
                "size": file.size,
                "sha256": file.sha256,
                "licence": spec.licence,
                "source": spec.source,
                "gain": spec.gain,
                "generator": spec.generator,
                "scale": spec.scale,
                "published": any(one.sources for one in spec.files),
                "path": path,
            }
        )
    return rows


def _check_out(out: Path) -> None:
    if out.suffix != ".safetensors":
        raise RecipeError(
            f"--out {out} does not end in .safetensors",
            hint=f"--out {out.with_suffix('.safetensors')}",
        )
    if out.exists():
        raise WeightsError(f"{out} exists already", hint="--out another file", path=out)


def _card(file: Path, found: "Recognised", registry: "Registry") -> "Card":
    from srkit_core.downloads import sha256
    from srkit_core.models.weights_file import Card, versions

    return Card(
        generator=found.bound.expression,
        scale=found.scale,
        recipe="",
        versions=versions(registry),
        step=0,
        origin=f"{file.name}, sha256 {sha256(file)}, layout {found.layout.name}",
    )


def _say_where(found: "FoundWeights") -> None:
    say(f"{found.spec.name}: {found.path}", f"licence: {found.spec.licence}")
