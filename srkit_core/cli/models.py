"""Which models do `upscale`, `eval` and `train --init` take by name?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from srkit_core.cli.output import say
from srkit_core.cli.render import JsonFlag, print_json, print_table, print_text
from srkit_core.file_sizes import size_of

if TYPE_CHECKING:
    from srkit_core.registry import Registry

_HEADS = ["name", "scale", "parameters", "size", "here", "licence"]


def models_command(as_json: JsonFlag = False) -> None:
    """List the models that are known by name: scale, size, licence, source, and whether they are on
    this machine.
    """
    from srkit_core.registry import discover

    registry = discover()
    models = known_models(registry)
    if as_json:
        print_json({"models": models})
        return
    print_table(_HEADS, [_row_of(one) for one in models])
    _tell_more(models, registry)


def known_models(registry: "Registry") -> list[dict[str, Any]]:
    """Return what is known of every model that has a name; `parameters` is None of a file that is
    not here and whose plugin does not say it.
    """
    from srkit_core.cli.weights import at_hand

    return [_model_of(facts) for facts in at_hand(registry) if facts["model"]]


def _model_of(facts: dict[str, Any]) -> dict[str, Any]:
    path = facts["path"]
    parameters = facts["parameters"]
    if path and not parameters:
        from srkit_core.models.weights_card import count_numbers

        parameters = count_numbers(Path(path))
    return {
        "name": facts["name"],
        "scale": facts["scale"],
        "parameters": parameters or None,
        "size_bytes": facts["size"],
        "licence": facts["licence"],
        "source": facts["source"],
        "here": path is not None,
        "obtainable": facts["published"],
        "summary": facts["summary"],
        "scored": facts["scored"],
    }


def _row_of(model: dict[str, Any]) -> list[str]:
    parameters, scale = model["parameters"], model["scale"]
    elsewhere = "to fetch" if model["obtainable"] else "nowhere"
    return [
        model["name"],
        f"x{scale}" if scale else "",
        f"{parameters:,}" if parameters else "",
        size_of(model["size_bytes"], parameters),
        "yes" if model["here"] else elsewhere,
        model["licence"],
    ]


def _tell_more(models: list[dict[str, Any]], registry: "Registry") -> None:
    """Print what each model is for, where it was scored and who published it."""
    say()
    for model in models:
        scored = f"; {model['scored']}" if model["scored"] else ""
        print_text(f"{model['name']}: {model['summary']}{scored}; {model['source']}")
    say()
    print_text(f"without weights, for any scale: {', '.join(_baselines(registry))}")
    if models:
        first = next((one for one in models if one["here"]), models[0])
        print_text(f"srkit upscale {first['name']} photo.jpg --out large.png")


def _baselines(registry: "Registry") -> list[str]:
    from srkit_core.specs import GeneratorSpec

    found = [one.spec for one in registry.of_kind("generator")]
    return [one.name for one in found if isinstance(one, GeneratorSpec) and not one.trainable]
