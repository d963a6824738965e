"""How is each validation set scored?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srkit_core.chain import DegradationPlan, bind_chain
from srkit_core.errors import IncompatibleError
from srkit_core.expressions import Chain, Sum, Term
from srkit_core.metric_binding import MetricTerm, bind_metrics
from srkit_core.recipe import PAIRED, Recipe
from srkit_core.registry import Registry
from srkit_core.validation_config import UNNAMED, ProtocolName, Validation, ValidationSet


@dataclass(frozen=True)
class SetPlan:
    """How the pictures of a validation set are scored.

    `degradation` makes LR, None: LR comes from disk; with `own_lr` the set says so itself, and LR
    is made of HR and not of the recipe's target. `border` is cut from each side, `crop` is the side
    of the centre crop that is scored (0: whole pictures), both in HR pixels.
    """

    metrics: tuple[MetricTerm, ...]
    degradation: DegradationPlan | None
    protocol: ProtocolName
    border: int
    crop: int
    own_lr: bool = False


@dataclass(frozen=True)
class ValidationPlan:
    """How pictures are scored: those of the `sets` that say it themselves, and as is `usual`.

    `best_of` names the sets that decide what is best; empty: the first.
    """

    usual: SetPlan
    sets: Mapping[str, SetPlan]
    best_of: tuple[str, ...] = ()

    def of(self, name: str) -> SetPlan:
        """Return how the set of that name is scored."""
        return self.sets.get(name or UNNAMED, self.usual)

    @property
    def terms(self) -> tuple[MetricTerm, ...]:
        """Every metric of every set."""
        return tuple(term for one in (self.usual, *self.sets.values()) for term in one.metrics)

    @property
    def by_label(self) -> Mapping[str, MetricTerm]:
        """A metric for each label that some set has."""
        return {term.label: term for term in reversed(self.terms)}

    @property
    def higher_is_better(self) -> frozenset[str]:
        """The labels of which the higher figure is the better one."""
        labels = self.by_label.items()
        return frozenset(label for label, term in labels if term.spec.higher_is_better)

    def deciding(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return which sets of these names decide what is best: those that the recipe says, else
        the first.
        """
        return self.chosen(names) or tuple(names[:1])

    def chosen(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return which sets of these names the recipe says to decide, in its order; none: it says
        nothing.
        """
        known = {name or UNNAMED: name for name in names}
        return tuple(known[name] for name in self.best_of if name in known)

    def labels_of(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the labels of what is measured on any of these sets."""
        return tuple(dict.fromkeys(term.label for one in names for term in self.of(one).metrics))


def bind_validation(
    registry: Registry, recipe: Recipe, degradation: DegradationPlan | None
) -> ValidationPlan:
    """Bind what a recipe says of validation, whose LR is made by `degradation` where a set says
    nothing else.

    Raises RecipeError or RegistryError where it cannot be done here.
    """
    config = recipe.validation
    usual = _bind_set(registry, config.usual, degradation, recipe.scale, "validation")
    sets = {
        name: _bind_set(
            registry, config.of(name), degradation, recipe.scale, f"validation.sets.{name}"
        )
        for name in config.sets
    }
    bound = ValidationPlan(usual, sets, config.best_of)
    _check_labels_agree(bound)
    return bound


def validation_written_out(config: Validation, bound: ValidationPlan) -> Validation:
    """Return what a recipe says of validation with every option of every component."""
    sets = {name: _set_written_out(one, bound.of(name)) for name, one in config.sets.items()}
    return config.model_copy(update={"metrics": _summed(bound.usual.metrics), "sets": sets})


def checked_crop(crop: int, scale: int, field: str) -> int:
    """Return the side of a crop; raises IncompatibleError where it is no multiple of the scale."""
    if crop % scale:
        nearest = max(round(crop / scale), 1) * scale
        fact = f"{field} is {crop}, and no multiple of the scale {scale}"
        raise IncompatibleError(fact, hint=f"a crop of {nearest}")
    return crop


def _bind_set(
    registry: Registry,
    config: ValidationSet,
    usual: DegradationPlan | None,
    scale: int,
    table: str,
) -> SetPlan:
    own = config.degradation
    return SetPlan(
        metrics=_metrics(registry, config.metrics or Sum(())),
        degradation=usual if own is None else _degradation(registry, own, scale),
        protocol=config.protocol or "y",
        border=scale if config.border is None else config.border,
        crop=checked_crop(config.crop or 0, scale, f"{table}.crop"),
        own_lr=own is not None,
    )


def _metrics(registry: Registry, written: Sum) -> tuple[MetricTerm, ...]:
    usual = Validation.model_fields["metrics"].default
    return bind_metrics(registry.for_defaults(written, usual), written)


def _degradation(registry: Registry, written: Chain, scale: int) -> DegradationPlan | None:
    if written == PAIRED:
        return None
    usual = Recipe.model_fields["degradation"].default
    return bind_chain(registry.for_defaults(written, usual), written, scale)


def _check_labels_agree(bound: ValidationPlan) -> None:
    """Refuse two metrics that would be compared under one label."""
    for term in (one for plan in bound.sets.values() for one in plan.metrics):
        known = bound.by_label[term.label]
        names = [one.bound.component.full_name for one in (known, term)]
        if names[0] != names[1]:
            raise IncompatibleError(
                f"two validation sets measure something else as '{term.label}': "
                f"{names[0]} and {names[1]}",
                hint="the same metric in both, or in another order",
            )


def _set_written_out(config: ValidationSet, bound: SetPlan) -> ValidationSet:
    written = dict[str, object]()
    if config.metrics is not None:
        written["metrics"] = _summed(bound.metrics)
    if config.degradation is not None and bound.degradation:
        written["degradation"] = bound.degradation.chain
    return config.model_copy(update=written)


def _summed(metrics: Sequence[MetricTerm]) -> Sum:
    return Sum(tuple(Term(one.bound.expression) for one in metrics))
