"""Does a recipe fit what is installed?

Wish meets means: names are resolved, options bound from the factories' signatures, traits checked.
Without torch.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from srkit_core.augmentation import Augment, bind_augment
from srkit_core.binding import BoundComponent, bind
from srkit_core.chain import DegradationPlan, bind_chain, bind_target
from srkit_core.errors import ExpressionError, IncompatibleError
from srkit_core.expressions import Call, Sum, Term
from srkit_core.recipe import PAIRED, Recipe, Stage
from srkit_core.registry import Registry
from srkit_core.specs import DiscriminatorSpec, GeneratorSpec, LossSpec, MetricSpec


@dataclass(frozen=True)
class LossTerm:
    """One term of a stage's sum, under the label of its column (`l1`, `vgg`, `vgg.2`)."""

    label: str
    weight: float
    bound: BoundComponent

    @property
    def adversarial(self) -> bool:
        """Whether it plays against a discriminator."""
        return self.bound.spec(LossSpec).adversarial


@dataclass(frozen=True)
class MetricTerm:
    """One metric, under the label of its column."""

    label: str
    bound: BoundComponent

    @property
    def spec(self) -> MetricSpec:
        """Its direction, unit and domain."""
        return self.bound.spec(MetricSpec)


@dataclass(frozen=True)
class StagePlan:
    """A stage with its terms and augmentations bound."""

    stage: Stage
    terms: tuple[LossTerm, ...]
    augment: Augment

    @property
    def adversarial(self) -> bool:
        """Whether a discriminator takes part."""
        return any(term.adversarial for term in self.terms)


@dataclass(frozen=True)
class Plan:
    """A recipe that fits.

    `recipe` has every weight written out; `degradation` is None when LR comes from disk, `target`
    when SR is compared with HR itself.
    """

    recipe: Recipe
    generator: BoundComponent
    discriminator: BoundComponent | None
    degradation: DegradationPlan | None
    target: DegradationPlan | None
    stages: tuple[StagePlan, ...]
    metrics: tuple[MetricTerm, ...]

    @property
    def margin(self) -> int:
        """HR pixels needed around a crop, by everything that happens to HR, in whole LR pixels."""
        return sum(
            -(-one.margin // self.recipe.scale) * self.recipe.scale
            for one in (self.target, self.degradation)
            if one
        )


def plan(recipe: Recipe, registry: Registry) -> Plan:
    """Resolve, bind and check a recipe.

    Raises RecipeError or RegistryError where it cannot run here.
    """
    generator = bind_generator(registry, recipe.generator, recipe.scale)
    if not generator.spec(GeneratorSpec).trainable:
        raise IncompatibleError(
            f"'{recipe.generator}' has nothing to train",
            hint=f"srkit eval {recipe.generator.name}, or srkit list generator",
        )
    unit = recipe.scale * generator.amount(generator.spec(GeneratorSpec).size_multiple)
    stored = recipe.degradation == PAIRED
    stages = tuple(
        _bind_stage(registry, stage, recipe.scale, unit, stored=stored) for stage in recipe.stages
    )
    _check_game(recipe, stages)
    metrics = bind_metrics(registry, recipe.validation.metrics)
    _check_contests(recipe, [one.label for one in metrics])
    for stage in recipe.stages:
        _check_crop(stage, generator, recipe.scale)
    return Plan(
        recipe=_with_weights(recipe, stages),
        generator=generator,
        discriminator=_bind_discriminator(registry, recipe, stages, unit),
        degradation=None if stored else bind_chain(registry, recipe.degradation, recipe.scale),
        target=bind_target(registry, recipe.target, recipe.scale) if recipe.target.items else None,
        stages=stages,
        metrics=metrics,
    )


def bind_generator(registry: Registry, call: Call, scale: int) -> BoundComponent:
    """Bind a generator for a scale; raises IncompatibleError when it has no such scale."""
    bound = bind(registry, "generator", call, {"scale": scale})
    scales = bound.spec(GeneratorSpec).scales
    if scale not in scales:
        offered = ", ".join(map(str, scales))
        raise IncompatibleError(
            f"generator '{bound.component.name}' has no scale {scale}; it has {offered}",
            hint=f"--scale {scales[-1]}",
        )
    return bound


def bind_metrics(registry: Registry, metrics: Sum) -> tuple[MetricTerm, ...]:
    """Bind a sum of metrics; a weight in it is refused, because nothing adds metrics up."""
    weighted = [term for term in metrics.terms if term.weight is not None]
    if weighted:
        raise ExpressionError(
            "a metric has no weight",
            text=str(metrics),
            position=str(metrics).index(str(weighted[0])),
        )
    components = [bind(registry, "metric", term.call, {}) for term in metrics.terms]
    return tuple(
        MetricTerm(label, bound)
        for label, bound in zip(_labels(components), components, strict=True)
    )


def _bind_stage(
    registry: Registry, stage: Stage, scale: int, unit: int, *, stored: bool
) -> StagePlan:
    augment = bind_augment(stage.augment, stored=stored)
    context = {"scale": scale, "patch": stage.patch}
    components = [bind(registry, "loss", term.call, context) for term in stage.loss.terms]
    weights = [
        bound.spec(LossSpec).default_weight if term.weight is None else term.weight
        for term, bound in zip(stage.loss.terms, components, strict=True)
    ]
    for bound in components:
        _check_room(stage, bound, unit)
    _check_labels(stage, _labels(components))
    return StagePlan(stage, tuple(map(LossTerm, _labels(components), weights, components)), augment)


def _check_labels(stage: Stage, labels: Sequence[str]) -> None:
    strangers = [label for label in stage.ramps if label not in labels]
    if strangers:
        raise IncompatibleError(
            f"stage '{stage.name}' ramps '{strangers[0]}', which is none of its losses",
            hint=f"its losses are {', '.join(labels)}",
        )


def _check_room(stage: Stage, loss: BoundComponent, unit: int) -> None:
    smallest = loss.amount(loss.spec(LossSpec).min_size)
    if stage.patch < smallest:
        raise IncompatibleError(
            f"patch {stage.patch} of stage '{stage.name}' is too small for the loss "
            f"'{loss.component.name}'",
            hint=f"--patch {_up_to(smallest, unit)}",
        )


def _labels(components: Sequence[BoundComponent]) -> list[str]:
    """Name columns: a repeated component is numbered from its second appearance."""
    seen, labels = Counter[str](), []
    for bound in components:
        name = bound.component.name
        seen[name] += 1
        labels.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return labels


def _check_game(recipe: Recipe, stages: Sequence[StagePlan]) -> None:
    adversarial = [term for stage in stages for term in stage.terms if term.adversarial]
    if adversarial and recipe.discriminator is None:
        raise IncompatibleError(
            f"the loss '{adversarial[0].label}' is adversarial, but there is no discriminator",
            hint="--disc vgg-sn",
        )
    if recipe.discriminator is not None and not adversarial:
        raise IncompatibleError(
            f"no stage has an adversarial loss for the discriminator '{recipe.discriminator}'",
            hint="--loss l1+gan",
        )


def _check_contests(recipe: Recipe, metrics: Sequence[str]) -> None:
    """Check the figures that patience and the start of a stage go by: a metric of validation, or
    the loss.
    """
    for number, stage in enumerate(recipe.stages):
        for field, figure in (
            ("patience_on", stage.patience_on),
            ("start_from", stage.start_from.removeprefix("best-")),
        ):
            if figure not in (*metrics, "loss", "last"):
                raise IncompatibleError(
                    f"{field} of stage '{stage.name}' is '{figure}', which validation does not "
                    "measure",
                    hint=f"one of {', '.join(metrics)}, loss",
                )
        if number == 0 and stage.start_from != "last":
            raise IncompatibleError(
                f"the first stage '{stage.name}' has no stage before it to start from",
                hint="--init WEIGHTS",
            )


def _up_to(smallest: int, unit: int) -> int:
    return -(-smallest // unit) * unit


def _check_crop(stage: Stage, generator: BoundComponent, scale: int) -> None:
    if 0 < stage.pool < stage.batch:
        raise IncompatibleError(
            f"the pool of stage '{stage.name}' holds {stage.pool}, less than a batch of "
            f"{stage.batch}",
            hint="--set pool=0",
        )
    spec = generator.spec(GeneratorSpec)
    unit, smallest = (
        scale * generator.amount(spec.size_multiple),
        scale * generator.amount(spec.min_size),
    )
    if stage.patch % unit:
        nearest = _up_to(stage.patch, unit)
        raise IncompatibleError(
            f"patch {stage.patch} of stage '{stage.name}' is not a multiple of {unit}",
            hint=f"--patch {nearest}",
        )
    if stage.patch < smallest:
        raise IncompatibleError(
            f"patch {stage.patch} of stage '{stage.name}' is too small for "
            f"'{generator.component.name}'",
            hint=f"--patch {_up_to(smallest, unit)}",
        )


def _bind_discriminator(
    registry: Registry, recipe: Recipe, stages: Sequence[StagePlan], unit: int
) -> BoundComponent | None:
    if recipe.discriminator is None:
        return None
    patches = sorted({stage.stage.patch for stage in stages if stage.adversarial})
    discriminator = bind(
        registry,
        "discriminator",
        recipe.discriminator,
        {"scale": recipe.scale, "patch": patches[0]},
    )
    for bound in discriminator.with_nested():
        _check_patches(bound, patches, unit)
    _check_lipschitz(discriminator, stages)
    return discriminator


def _check_lipschitz(discriminator: BoundComponent, stages: Sequence[StagePlan]) -> None:
    needing = [
        term.label
        for stage in stages
        for term in stage.terms
        if term.bound.spec(LossSpec).needs_lipschitz
    ]
    if needing and not discriminator.spec(DiscriminatorSpec).lipschitz(discriminator.arguments):
        raise IncompatibleError(
            f"the loss '{needing[0]}' needs a spectrally normalised discriminator, "
            f"'{discriminator.name}' with these options is none",
            hint="--disc vgg-sn",
        )


def _check_patches(bound: BoundComponent, patches: Sequence[int], unit: int) -> None:
    name, spec = bound.component.name, bound.component.spec
    if "patch" in bound.context and len(patches) > 1:
        raise IncompatibleError(
            f"discriminator '{name}' is built for one patch, the stages have {patches}",
            hint="--patch N",
        )
    smallest = bound.amount(spec.min_size) if isinstance(spec, DiscriminatorSpec) else 1
    if patches[0] < smallest:
        raise IncompatibleError(
            f"patch {patches[0]} is too small for the discriminator '{name}'",
            hint=f"--patch {_up_to(smallest, unit)}",
        )


def _with_weights(recipe: Recipe, stages: Sequence[StagePlan]) -> Recipe:
    """Write the declared default weights into the recipe, so that it means the same when a default
    changes.
    """
    written = tuple(_stage_with_weights(stage) for stage in stages)
    return recipe.model_copy(update={"stages": written})


def _stage_with_weights(stage: StagePlan) -> Stage:
    terms = zip(stage.stage.loss.terms, stage.terms, strict=True)
    loss = Sum(tuple(Term(term.call, bound.weight) for term, bound in terms))
    return stage.stage.model_copy(update={"loss": loss})
