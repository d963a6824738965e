"""Which pretrained networks will a recipe use?

Some components take any of several networks (`vgg(weights=auto)`). Before a run, the first that can
be had is chosen and written into the recipe, so that the run, its resumption and its repetition use
the same one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from srkit_core.binding import BoundComponent
from srkit_core.catalogue import core_distributions
from srkit_core.expressions import Call, Sum
from srkit_core.metric_binding import MetricTerm
from srkit_core.plan import Plan, plan
from srkit_core.pretrained import DownloadProgress, FoundWeights, find, identify, obtain_first
from srkit_core.recipe import Recipe, Stage
from srkit_core.registry import Registry
from srkit_core.specs import Alternatives, WeightsSpec
from srkit_core.validation_config import Validation, ValidationSet

OPTION: Final = "weights"
"""The option that takes the name of the chosen network."""


@dataclass(frozen=True)
class Pinned:
    """A plan in which every choice among networks is made, and the verified files it needs."""

    plan: Plan
    networks: tuple[FoundWeights, ...]


def pin(recipe: Recipe, registry: Registry, report: DownloadProgress | None = None) -> Pinned:
    """Choose and fetch the pretrained networks of a recipe.

    Raises WeightsError when a network cannot be had, and what `plan` raises.
    """
    chosen = choose_networks(plan(recipe, registry), registry, report=report)
    return fetch_networks(plan(chosen, registry), registry, report)


def choose_networks(
    planned: Plan,
    registry: Registry,
    recorded: Recipe | None = None,
    report: DownloadProgress | None = None,
) -> Recipe:
    """Return the recipe of a plan with the first network of each choice that can be had.

    `recorded` is the recipe of a run that goes on: what it chose is kept. Raises WeightsError when
    no network of a choice can be had.
    """
    recipe = planned.recipe
    chosen = [
        _chosen_stage(stage, recorded, number, planned, registry, report)
        for number, stage in enumerate(recipe.stages)
    ]
    before = recorded.validation if recorded else None
    validation = _chosen_validation(recipe.validation, before, planned, registry, report)
    return recipe.model_copy(update={"stages": tuple(chosen), "validation": validation})


def fetch_networks(
    planned: Plan, registry: Registry, report: DownloadProgress | None = None
) -> Pinned:
    """Fetch the pretrained networks of a plan in which every choice is made.

    Raises WeightsError when one cannot be had.
    """
    return Pinned(planned, networks_of(components_of(planned), registry, report))


def found_here(names: Alternatives, registry: Registry) -> bool:
    """Whether one of several networks, or the file a path names, is on this machine."""
    return any(
        Path(name).is_file()
        if is_path(name, registry)
        else find(registry.preferring(core_distributions()).pretrained(name)) is not None
        for name in names
    )


def is_path(name: str, registry: Registry) -> bool:
    """Whether an alternative is the path of a file and not the name of a network."""
    return not registry.knows(WeightsSpec, name) and ("/" in name or "." in name)


def networks_of(
    components: Iterable[BoundComponent], registry: Registry, report: DownloadProgress | None = None
) -> tuple[FoundWeights, ...]:
    """Return the verified files that parts need, each once, fetched where they are not on this
    machine.
    """
    needed = dict.fromkeys(
        names for bound in components for one in bound.with_nested() for names in one.pretrained
    )
    return tuple(_obtained(names, registry, report) for names in needed)


def components_of(planned: Plan) -> list[BoundComponent]:
    """Return every component of a plan that may read a pretrained network."""
    components = [
        planned.generator,
        *(one.bound for stage in planned.stages for one in stage.terms),
        *(one.bound for one in planned.validation.terms),
    ]
    return [*components, planned.discriminator] if planned.discriminator else components


def _chosen_stage(
    stage: Stage,
    recorded: Recipe | None,
    number: int,
    planned: Plan,
    registry: Registry,
    report: DownloadProgress | None,
) -> Stage:
    before = recorded.stages[number].loss if recorded and number < len(recorded.stages) else None
    components = [term.bound for term in planned.stages[number].terms]
    return stage.model_copy(
        update={"loss": _chosen_sum(stage.loss, components, before, registry, report)}
    )


def _chosen_validation(
    validation: Validation,
    recorded: Validation | None,
    planned: Plan,
    registry: Registry,
    report: DownloadProgress | None,
) -> Validation:
    def chosen(written: Sum, before: Sum | None, terms: Sequence[MetricTerm]) -> Sum:
        return _chosen_sum(written, [one.bound for one in terms], before, registry, report)

    sets = dict[str, ValidationSet]()
    for name, one in validation.sets.items():
        known = recorded.sets.get(name) if recorded else None
        before, terms = known.metrics if known else None, planned.validation.of(name).metrics
        metrics = None if one.metrics is None else chosen(one.metrics, before, terms)
        sets[name] = one.model_copy(update={"metrics": metrics})
    before = recorded.metrics if recorded else None
    metrics = chosen(validation.metrics, before, planned.validation.usual.metrics)
    return validation.model_copy(update={"metrics": metrics, "sets": sets})


def _chosen_sum(
    written: Sum,
    components: Sequence[BoundComponent],
    recorded: Sum | None,
    registry: Registry,
    report: DownloadProgress | None,
) -> Sum:
    before = (
        [term.call for term in recorded.terms]
        if recorded and len(recorded.terms) == len(components)
        else [None] * len(components)
    )
    calls = [
        _chosen(term.call, bound, old, registry, report)
        for term, bound, old in zip(written.terms, components, before, strict=True)
    ]
    return Sum(
        tuple(replace(term, call=call) for term, call in zip(written.terms, calls, strict=True))
    )


def _chosen(
    call: Call,
    bound: BoundComponent,
    recorded: Call | None,
    registry: Registry,
    report: DownloadProgress | None,
) -> Call:
    for names in bound.pretrained:
        if len(names) > 1:
            call = _with_option(
                call, _obtained(_as_before(names, call, recorded), registry, report).spec.name
            )
        elif is_path(names[0], registry):
            call = _with_option(call, str(Path(names[0]).absolute()))
        elif OPTION in bound.options:  # auto, of which there is but one today
            call = _with_option(call, names[0])
    return call


def _with_option(call: Call, weights: str) -> Call:
    return replace(
        call, options=(*(pair for pair in call.options if pair[0] != OPTION), (OPTION, weights))
    )


def _as_before(names: Alternatives, call: Call, recorded: Call | None) -> Alternatives:
    name = (
        dict(recorded.options).get(OPTION)
        if recorded is not None and recorded.name == call.name
        else None
    )
    return (name,) if isinstance(name, str) and name in names else names


def _obtained(
    names: Alternatives, registry: Registry, report: DownloadProgress | None
) -> FoundWeights:
    if is_path(names[0], registry):
        return identify(Path(names[0]), registry.weights)
    own = registry.preferring(core_distributions())
    return obtain_first([own.pretrained(name) for name in names], report)
