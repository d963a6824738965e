"""Which components do the bare names of a recipe mean that a distribution ships?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from srkit_core.binding import kinds_within
from srkit_core.catalogue import catalogue, core_distributions
from srkit_core.errors import RegistryError
from srkit_core.expressions import Call, Chain, Item, Sum
from srkit_core.options import options_of
from srkit_core.recipe import PAIRED, Recipe
from srkit_core.registry import Component, Registry
from srkit_core.schedule import Schedule
from srkit_core.specs import AnnouncedSpec, AugmentationSpec, Kind, ScheduleSpec
from srkit_core.validation_config import Validation, ValidationSet

OWN_BICUBIC: Final = "srkit/bicubic"
"""The baseline that srkit takes where nobody names one."""


def with_full_names(recipe: Recipe, registry: Registry, home: str) -> Recipe:
    """Return a recipe that the distribution `home` ships with full names, so that a plugin which
    announces one of its bare names changes nothing: they are its own, else those of what is
    released with srkit, else as anybody would write them.
    """
    names = _Names(registry.preferring({home}, core_distributions()))
    stored, disc = recipe.degradation == PAIRED, recipe.discriminator
    stages = (
        stage.model_copy(
            update={
                "loss": names.sum("loss", stage.loss),
                "augment": names.augment(stage.augment),
                "schedule": names.schedule(stage.schedule),
            }
        )
        for stage in recipe.stages
    )
    return recipe.model_copy(
        update={
            "generator": names.call("generator", recipe.generator),
            "discriminator": names.call("discriminator", disc) if disc else None,
            "degradation": recipe.degradation if stored else names.chain(recipe.degradation),
            "target": names.chain(recipe.target),
            "validation": names.validation(recipe.validation),
            "stages": tuple(stages),
        }
    )


@dataclass(frozen=True)
class _Names:
    """Writes names in full."""

    registry: Registry

    def sum(self, kind: Kind, written: Sum) -> Sum:
        return Sum(tuple(replace(term, call=self.call(kind, term.call)) for term in written.terms))

    def chain(self, written: Chain) -> Chain:
        items = (replace(item, call=self.call("degradation", item.call)) for item in written.items)
        return Chain(tuple(items))

    def validation(self, written: Validation) -> Validation:
        sets = {name: self._validation_set(one) for name, one in written.sets.items()}
        metrics = self.sum("metric", written.metrics)
        return written.model_copy(update={"metrics": metrics, "sets": sets})

    def _validation_set(self, written: ValidationSet) -> ValidationSet:
        metrics, chain = written.metrics, written.degradation
        return written.model_copy(
            update={
                "metrics": None if metrics is None else self.sum("metric", metrics),
                "degradation": chain if chain is None or chain == PAIRED else self.chain(chain),
            }
        )

    def augment(self, written: Chain) -> Chain:
        return Chain(tuple(map(self._augment_item, written.items)))

    def _augment_item(self, item: Item) -> Item:
        name = self._full(AugmentationSpec, item.call.name)
        return replace(item, call=replace(item.call, name=name))

    def schedule(self, written: Schedule) -> Schedule:
        return written.model_copy(update={"name": self._full(ScheduleSpec, written.name)})

    def _full(self, spec: type[AnnouncedSpec], name: str) -> str:
        try:
            return self.registry.one(spec, name).full_name
        except RegistryError:
            return name

    def call(self, kind: Kind, call: Call) -> Call:
        try:
            component = self.registry.find(kind, call.name)
        except RegistryError:
            return replace(call, name=_published(kind, call.name))
        kinds = _kinds_of_options(component)
        options = ((name, self._value(kinds.get(name), value)) for name, value in call.options)
        return Call(component.full_name, tuple(options))

    def _value(self, kind: Kind | None, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._value(kind, one) for one in value)
        if kind is None or not isinstance(value, (str, Call)):
            return value
        return self.call(kind, Call(value) if isinstance(value, str) else value)


def _kinds_of_options(component: Component) -> Mapping[str, Kind]:
    """Return the options of a component that take other components, with their kinds."""
    found = ((one.name, kinds_within(one.annotation)) for one in options_of(component.spec.factory))
    return {name: kinds[0] for name, kinds in found if kinds}


def _published(kind: str, name: str) -> str:
    """Return the full name of what is not installed and released with srkit."""
    homes = [
        entry.distribution
        for entry in catalogue()
        if (entry.kind, entry.name) == (kind, name) and entry.home.tier == "core"
    ]
    return f"{homes[0]}/{name}" if len(homes) == 1 else name
