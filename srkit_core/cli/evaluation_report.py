"""What will an evaluation recipe compare, and what of it is not on this machine?"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srkit_core.cli.render import print_table, print_text

if TYPE_CHECKING:
    from srkit_core.binding import BoundComponent
    from srkit_core.evaluation_recipe import EvaluationRecipe
    from srkit_core.registry import Registry


def print_evaluation(path: Path, registry: "Registry", given: Mapping[str, Any]) -> None:
    """Check an evaluation recipe with flags and `settings` on top, and print it; what is missing
    here is a note.

    Raises RecipeError or RegistryError where it can run nowhere.
    """
    from srkit_core.evaluation_files import read_evaluation_recipe
    from srkit_core.metric_binding import bind_metrics

    flags = {name: value for name, value in given.items() if name != "settings"}
    wanted = read_evaluation_recipe(path, flags, given.get("settings", ()))
    sets = wanted.by_set()
    terms = {name: bind_metrics(registry, one.metrics) for name, one in sets.items()}
    for one in sets.values():
        _check_degradation(one, registry)
    print_text(f"evaluation recipe {path}: every component is installed and fits")
    for name, one in sets.items():
        print_text(_scored_line(name, one, [term.label for term in terms[name]]))
    if wanted.baseline:
        print_text(f"gains over {wanted.baseline}")
    print_table(["model", "is"], [[row.full_name, row.word] for row in wanted.rows()])
    bound = (term.bound for each in terms.values() for term in each)
    for note in [*_missing(wanted, registry), *missing_networks(bound, registry)]:
        print_text(note)


def _scored_line(name: str, one: "EvaluationRecipe", metrics: Sequence[str]) -> str:
    """Say what is measured on a set, and how."""
    channel = "luma" if one.protocol == "y" else "RGB"
    border = "as the scale" if one.border is None else one.border
    lr = f"from {one.lr}" if one.lr else f"by {one.degrade}"
    said = f"{' + '.join(metrics)} of {channel}, border {border}, LR {lr}"
    return f"{name}: {said}" if name else said


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
    from srkit_core.evaluation_needs import missing_parts

    missing = missing_parts(wanted, registry)
    places = dict.fromkeys(one for each in missing.pictures.values() for one in each)
    notes = [f"note: the pictures in {one} are not here" for one in places]
    if wanted.data is None and not wanted.sets:
        notes.append("note: it names no data; srkit eval takes --data")
    notes += [f"note: the run of {name} is not here: {one}" for name, one in missing.runs.items()]
    notes += [f"note: the model {one.full_name} is not here: {one.word}" for one in missing.models]
    return notes
