"""What will an evaluation recipe compare, and what of it is not on this machine?"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from srkit_core.cli.render import print_table, print_text

if TYPE_CHECKING:
    from srkit_core.binding import BoundComponent
    from srkit_core.evaluation_recipe import EvaluationRecipe
    from srkit_core.registry import Registry


def print_evaluation(path: Path, registry: "Registry") -> None:
    """Check an evaluation recipe and print it; what is missing here is a note.

    Raises RecipeError or RegistryError where it can run nowhere.
    """
    from srkit_core.evaluation_recipe import read_evaluation_recipe
    from srkit_core.metric_binding import bind_metrics

    wanted = read_evaluation_recipe(path, {})
    terms = bind_metrics(registry, wanted.metrics)
    _check_degradation(wanted, registry)
    print_text(f"evaluation recipe {path}: every component is installed and fits")
    print_text(
        f"{' + '.join(one.label for one in terms)} of "
        f"{'luma' if wanted.protocol == 'y' else 'RGB'}, border "
        f"{'as the scale' if wanted.border is None else wanted.border}, LR "
        f"{f'from {wanted.lr}' if wanted.lr else f'by {wanted.degrade}'}"
    )
    print_table(["model", "is"], [[name, word] for name, word in wanted.models.items()])
    for note in [
        *_missing(wanted, registry),
        *missing_networks((t.bound for t in terms), registry),
    ]:
        print_text(note)


def missing_networks(components: "Iterable[BoundComponent]", registry: "Registry") -> list[str]:
    """Note the pretrained networks that components need and that are not on this machine."""
    from srkit_core.pinning import found_here

    needed = dict.fromkeys(
        names for bound in components for one in bound.with_nested() for names in one.pretrained
    )
    return [
        f"note: the pretrained network {' or '.join(names)} is not on this machine and "
        f"{_remedy(names, registry)}"
        for names in needed
        if not found_here(names, registry)
    ]


def _remedy(names: tuple[str, ...], registry: "Registry") -> str:
    from srkit_core.pinning import is_path

    published = any(
        file.sources
        for name in names
        if not is_path(name, registry)
        for file in registry.pretrained(name).files
    )
    return (
        "will be downloaded" if published else "is published nowhere: srkit weights add NAME FILE"
    )


def _check_degradation(wanted: "EvaluationRecipe", registry: "Registry") -> None:
    from srkit_core.chain import bind_chain
    from srkit_core.recipe import PAIRED

    if wanted.lr is None and wanted.degrade != PAIRED and wanted.scale is not None:
        bind_chain(registry, wanted.degrade, wanted.scale)


def _missing(wanted: "EvaluationRecipe", registry: "Registry") -> list[str]:
    """Note data and models that are not on this machine."""
    from srkit_core.data_source import parse_data_sources

    sources = parse_data_sources(wanted.data) if wanted.data else ()
    places = [one.where for one in sources if one.where != "photos" and not one.is_address]
    places += [str(wanted.lr)] if wanted.lr else []
    notes = [
        f"note: the pictures in {one} are not here" for one in places if not Path(one).exists()
    ]
    notes += [] if wanted.data else ["note: it names no data; srkit eval takes --data"]
    for name, word in wanted.models.items():
        notes += [f"note: the model {name} is not here: {word}"] if _gone(word, registry) else []
    return notes


def _gone(word: str, registry: "Registry") -> bool:
    """Whether a word is neither a path here nor something that srkit knows how to get."""
    from srkit_core.specs import WeightsSpec

    found = [one for one in registry.installed(WeightsSpec) if one.spec.may_be_model]
    known = {name for one in found for name in (one.name, one.full_name)}
    known |= {one.name for one in registry.of_kind("generator")}
    called = word.partition("(")[0].strip()
    named = {called, called.rpartition("/")[2]}
    return not Path(word).exists() and "://" not in word and not named & known
