"""Which weights are at hand, and what is in them?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from srkit_core.cli.output import say, say_text
from srkit_core.cli.render import JsonFlag, print_json, print_table, print_text
from srkit_core.errors import RecipeError, WeightsError
from srkit_core.file_sizes import size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from srkit_core.models.discriminator_file import DiscriminatorCard
    from srkit_core.models.foreign_weights import Recognised
    from srkit_core.models.weights_card import Card
    from srkit_core.pretrained import FoundWeights
    from srkit_core.registry import Installed, Registry
    from srkit_core.specs import WeightsSpec

NetworkKind: TypeAlias = Literal["generator", "discriminator"]
"""Which networks have weights files."""

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
        Path,
        typer.Argument(
            help="Weights of another project: .pth, .pt, .safetensors, or ncnn's .param."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The weights file of srkit to write.")],
    kind: Annotated[
        NetworkKind, typer.Option(help="What is in the file (default: a generator).")
    ] = "generator",
    gen: Annotated[
        str | None, typer.Option(help="The generator; options left out come from the file.")
    ] = None,
    disc: Annotated[
        str | None, typer.Option(help="The discriminator; options left out come from the file.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="The table to take (default: the moving average, where there is one)."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of that name.")] = (
        False
    ),
) -> None:
    """Make a weights file of srkit from one of another project."""
    from srkit_core.expressions import parse_call
    from srkit_core.models.foreign_weights import import_weights
    from srkit_core.models.weights_file import save_weights
    from srkit_core.registry import discover

    _check_out(out, overwrite=overwrite)
    wish = _wish(kind, gen, disc)
    registry = discover()
    call = parse_call(wish) if wish else None
    found, tensors = import_weights(file, registry, call, key, kind=kind)
    save_weights(out, tensors, _card(file, found, registry))
    what_for = f", x{found.scale}" if kind == "generator" else ""
    say(f"{file} is {found.layout.name}: {found.bound.expression}{what_for}", *found.notes())
    say(f"weights: {out}")


def _wish(kind: "NetworkKind", gen: str | None, disc: str | None) -> str | None:
    """Return the network that was written; raises RecipeError where it is of the other kind."""
    if kind == "generator" and disc is not None:
        raise RecipeError("--disc is of a discriminator", hint="--kind discriminator")
    if kind == "discriminator" and gen is not None:
        raise RecipeError("--gen is of a generator, not of a discriminator", hint=f"--disc {gen}")
    return gen if kind == "generator" else disc


def weights_show_command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|RUN|NAME", help="A weights file of srkit, a run folder, or known weights."
        ),
    ],
    as_json: JsonFlag = False,
) -> None:
    """Show which model a weights file is for, and what made it; a discriminator's file too."""
    path, notes = _located(file)
    facts = _facts_of_file(path)
    if as_json:
        print_json(facts)
        return
    for note in notes:
        say(note)
    say(*_described(facts))
    if facts["recipe"]:
        say_text(f"\n{facts['recipe']}")


def _facts_of_file(path: Path) -> dict[str, Any]:
    from srkit_core.models.discriminator_file import is_discriminator, read_discriminator_card
    from srkit_core.models.weights_card import read_card
    from srkit_core.models.weights_file import not_finite, read_tensors

    if is_discriminator(path):
        judge = read_discriminator_card(path)
        network = {"discriminator": str(judge.discriminator), "patch": judge.patch}
        card: Card | DiscriminatorCard = judge
    else:
        card = read_card(path)
        network = {"generator": str(card.generator), "opened_by": card.opened_by}
        network["begun_from"] = card.begun_from
    tensors = read_tensors(path)
    return {
        "file": str(path),
        **network,
        "scale": card.scale,
        "step": card.step,
        "numbers": sum(tensor.numel() for tensor in tensors.values()),
        "versions": dict(card.versions),
        "origin": card.origin,
        "not_finite": not_finite(tensors),
        "recipe": card.recipe,
    }


def _located(word: str) -> tuple[Path, tuple[str, ...]]:
    """Return the file of srkit that a word means, and how it was found."""
    from srkit_core.models.foreign_weights import own_file
    from srkit_core.models.locate_weights import locate_weights
    from srkit_core.registry import discover
    from srkit_core.specs import WeightsSpec

    registry = discover()
    located = locate_weights(word, registry)
    if located is None and registry.knows(WeightsSpec, word):
        fact = f"'{word}' is a network that losses and metrics read, and has no card"
        raise WeightsError(fact, hint="srkit weights list")
    path = located.path if located else Path(word)
    return own_file(path, registry), located.notes if located else ()


def _described(facts: dict[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(facts["versions"].items()))
    made = f"imported: {facts['origin']}" if facts["origin"] else f"trained: {facts['step']} steps"
    kind = "generator" if "generator" in facts else "discriminator"
    size = f"scale: {facts['scale']}" if kind == "generator" else f"patch: {facts['patch']}"
    lines = [facts["file"], f"{kind}: {facts[kind]}", size, made]
    if facts.get("begun_from"):
        lines.append(f"begun from: {facts['begun_from']}")
    if facts.get("opened_by"):
        lines.append(f"opened by: {facts['opened_by']}")
    lines.append(f"numbers in the file: {facts['numbers']:,}")
    if facts["not_finite"]:
        lines.append(f"not finite, so that no command takes it: {', '.join(facts['not_finite'])}")
    return [*lines, f"made with: {versions}"]


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
    homes = dict.fromkeys(one["distribution"] for one in known)
    say(*([""] if homes else []))
    for home in homes:
        print_text(f"from {home}: {', '.join(_names_of(home, known))}")
    here = [f"{one['name']}: {one['path']}" for one in known if one["path"]]
    if here:
        say("", *here)


def _names_of(home: str, known: "Sequence[dict[str, Any]]") -> list[str]:
    return [one["name"] for one in known if one["distribution"] == home]


def _row_of(facts: dict[str, Any]) -> list[str]:
    whole = f"x{facts['scale']} model" if facts["scale"] else "model"
    obtainable = _FETCHED if facts["published"] else _BROUGHT
    return [
        facts["name"],
        whole if facts["model"] else "loss/metric",
        size_of(facts["size"], facts["parameters"]),
        _HERE if facts["path"] else obtainable,
        facts["licence"],
    ]


def at_hand(registry: "Registry") -> list[dict[str, Any]]:
    """Return every pretrained network that is known, with its file on this machine or None."""
    from srkit_core.specs import WeightsSpec

    return [_facts(known) for known in registry.installed(WeightsSpec)]


def _facts(known: "Installed[WeightsSpec]") -> dict[str, Any]:
    from srkit_core.pretrained import find

    spec, found = known.spec, find(known.spec)
    file = found.file if found else spec.files[0]
    generator, scale = _model_of(spec, found.path if found else None)
    return {
        "name": spec.name,
        "distribution": known.distribution,
        "summary": spec.summary,
        "size": file.size,
        "sha256": file.sha256,
        "licence": spec.licence,
        "source": spec.source,
        "scored": spec.scored,
        "parameters": spec.parameters,
        "gain": spec.gain,
        "model": spec.may_be_model,
        "generator": generator,
        "scale": scale,
        "published": any(one.sources for one in spec.files),
        "path": str(found.path) if found else None,
    }


def _model_of(spec: "WeightsSpec", path: Path | None) -> tuple[str, int | None]:
    """Return generator and scale of a model, as announced or as the card of its file says."""
    if spec.generator or path is None or not spec.may_be_model:
        return spec.generator, spec.scale
    from srkit_core.models.weights_card import read_card

    try:
        card = read_card(path)
    except WeightsError:  # who takes it as a model is told
        return "", spec.scale
    return str(card.generator), card.scale


def _check_out(out: Path, *, overwrite: bool) -> None:
    from srkit_core.io.output_files import check_outputs

    if out.suffix != ".safetensors":
        raise RecipeError(
            f"--out {out} does not end in .safetensors",
            hint=f"--out {out.with_suffix('.safetensors')}",
        )
    check_outputs([out], overwrite=overwrite)


def _card(file: Path, found: "Recognised", registry: "Registry") -> "Card | DiscriminatorCard":
    from srkit_core.downloads import sha256
    from srkit_core.models.discriminator_file import discriminator_card
    from srkit_core.models.weights_file import card_of

    key = found.chosen.table.key
    taken = f", key {key}" if key else ""
    assumed = f", assumed {found.assumptions}" if found.assumed else ""
    origin = f"{file.name}, sha256 {sha256(file)}, layout {found.layout.name}{taken}{assumed}"
    if found.layout.discriminator:
        return discriminator_card(found.bound, found.context, registry, origin=origin)
    return card_of(found.bound, found.scale, registry, origin=origin)


def _say_where(found: "FoundWeights") -> None:
    for failure in found.tried:
        say(f"not from {failure}", err=True)
    say(f"{found.spec.name}: {found.path}", f"licence: {found.spec.licence}")
