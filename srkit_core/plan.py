"""Does a recipe fit what is installed?

Names are resolved, options bound from the factories' signatures, traits checked.
Without torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from srkit_core.augmentation import Augment, bind_augment
from srkit_core.augmentation.chain_binding import augment_written_out
from srkit_core.binding import BoundComponent, bind
from srkit_core.chain import DegradationPlan, bind_chain, bind_target, margin_around
from srkit_core.compatibility import (
    check_adversarial,
    check_averages,
    check_contests,
    check_crop,
    check_labels,
    check_lipschitz,
    check_patches,
    check_room,
    check_turns,
)
from srkit_core.errors import IncompatibleError, UnknownComponentError
from srkit_core.expressions import Call, Sum, Term
from srkit_core.metric_binding import column_labels
from srkit_core.misses import with_maker
from srkit_core.optimizer_binding import BoundOptimizer, bind_optimizer
from srkit_core.optimizer_config import OptimizersConfig
from srkit_core.recipe import PAIRED, Recipe, Stage
from srkit_core.registry import Registry
from srkit_core.run_folder import read_environment
from srkit_core.schedule_binding import BoundSchedule, bind_schedule
from srkit_core.specs import GeneratorSpec, LossSpec
from srkit_core.validation_binding import (
    ValidationPlan,
    bind_validation,
    validation_written_out,
)


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

    @property
    def sees_target(self) -> bool:
        """Whether real pictures are the recipe's target to it, or HR itself: what was written, else
        the target to what compares, and HR to what plays against a discriminator.
        """
        return bool(self.bound.common.get("target", not self.adversarial))


@dataclass(frozen=True)
class StagePlan:
    """A stage with its terms, augmentations, schedule and optimizers bound."""

    stage: Stage
    terms: tuple[LossTerm, ...]
    augment: Augment
    schedule: BoundSchedule
    generator_optimizer: BoundOptimizer
    discriminator_optimizer: BoundOptimizer

    @property
    def adversarial(self) -> bool:
        """Whether a discriminator takes part."""
        return any(term.adversarial for term in self.terms)

    @property
    def optimizers(self) -> dict[str, BoundOptimizer]:
        """The optimizer of each network, by its role."""
        return {
            "generator": self.generator_optimizer,
            "discriminator": self.discriminator_optimizer,
        }


@dataclass(frozen=True)
class Plan:
    """A recipe that fits.

    `recipe` has every option and weight written out, so that it means the same when a default
    changes; `degradation` is None when LR comes from disk, `target` when SR is compared with HR
    itself.
    """

    recipe: Recipe
    generator: BoundComponent
    discriminator: BoundComponent | None
    degradation: DegradationPlan | None
    target: DegradationPlan | None
    stages: tuple[StagePlan, ...]
    validation: ValidationPlan

    @property
    def margin(self) -> int:
        """HR pixels needed around a crop, by everything that happens to HR, in whole LR pixels."""
        return margin_around(self.recipe.scale, self.target, self.degradation)

    def margin_of(self, validation_set: str) -> int:
        """HR pixels needed around a patch of a validation set."""
        chain = self.validation.of(validation_set).degradation
        return margin_around(self.recipe.scale, self.target, chain)

    def rests(self, number: int) -> StagePlan | None:
        """Return the stage whose optimizer of the discriminator rests in that of a number: the last
        adversarial one before it, where one comes after it as well; else None.
        """
        here, *after = self.stages[number:]
        if here.adversarial or not any(one.adversarial for one in after):
            return None
        return next((one for one in reversed(self.stages[:number]) if one.adversarial), None)


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
    losses = [term.bound for stage in stages for term in stage.terms]
    check_adversarial(recipe, losses)
    degradation = None if stored else _bind_degradation(registry, recipe)
    validation = bind_validation(registry, recipe, degradation)
    labels = validation.labels_of(validation.best_of) or tuple(
        dict.fromkeys(term.label for term in validation.terms)
    )
    check_contests(recipe, [one.schedule.figure for one in stages], labels)
    check_averages(recipe)
    for stage in recipe.stages:
        check_crop(stage, generator, recipe.scale)
    bound = Plan(
        recipe=recipe,
        generator=generator,
        discriminator=_bind_discriminator(registry, recipe, stages, unit),
        degradation=degradation,
        target=bind_target(registry, recipe.target, recipe.scale) if recipe.target.items else None,
        stages=stages,
        validation=validation,
    )
    return replace(bound, recipe=_written_out(bound))


def plan_of_run(recipe: Recipe, registry: Registry, run: Path | None) -> Plan:
    """Resolve, bind and check a recipe as `plan` does; where it is that of a run, an error of what
    is not installed says with which distribution and version the run was made.
    """
    try:
        return plan(recipe, registry)
    except UnknownComponentError as error:
        environment = read_environment(run) if run else None
        raise with_maker(error, run, (environment or {}).get("versions", {})) from None


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


def _bind_degradation(registry: Registry, recipe: Recipe) -> DegradationPlan:
    usual = Recipe.model_fields["degradation"].default
    names = registry.for_defaults(recipe.degradation, usual)
    return bind_chain(names, recipe.degradation, recipe.scale)


def _bind_stage(
    registry: Registry, stage: Stage, scale: int, unit: int, *, stored: bool
) -> StagePlan:
    usual = {name: field.default for name, field in Stage.model_fields.items()}
    names = registry.for_defaults(stage.augment, usual["augment"])
    augment = bind_augment(names, stage.augment, stored=stored)
    context = {"scale": scale, "patch": stage.patch}
    components = [bind(registry, "loss", term.call, context) for term in stage.loss.terms]
    weights = [
        bound.spec(LossSpec).default_weight if term.weight is None else term.weight
        for term, bound in zip(stage.loss.terms, components, strict=True)
    ]
    for bound in components:
        check_room(stage, bound, unit)
    check_labels(stage, column_labels(components))
    check_turns(stage, adversarial=any(one.spec(LossSpec).adversarial for one in components))
    return StagePlan(
        stage,
        tuple(map(LossTerm, column_labels(components), weights, components)),
        augment,
        bind_schedule(registry.for_defaults(stage.schedule, usual["schedule"]), stage.schedule),
        bind_optimizer(registry, stage.optimizer.generator),
        bind_optimizer(registry, stage.optimizer.discriminator),
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
        check_patches(bound, patches, unit)
    check_lipschitz(discriminator, [term.bound for stage in stages for term in stage.terms])
    return discriminator


def _written_out(bound: Plan) -> Recipe:
    """Return the recipe with every option of every component, and the weights of losses."""
    recipe, discriminator = bound.recipe, bound.discriminator
    return recipe.model_copy(
        update={
            "generator": bound.generator.expression,
            "discriminator": discriminator.expression if discriminator else None,
            "degradation": bound.degradation.chain if bound.degradation else recipe.degradation,
            "target": bound.target.chain if bound.target else recipe.target,
            "validation": validation_written_out(recipe.validation, bound.validation),
            "stages": tuple(map(_stage_written_out, bound.stages)),
        }
    )


def _stage_written_out(stage: StagePlan) -> Stage:
    loss = Sum(tuple(Term(term.bound.expression, term.weight) for term in stage.terms))
    augment = augment_written_out(stage.augment)
    optimizer = OptimizersConfig(
        generator=stage.generator_optimizer.written_out,
        discriminator=stage.discriminator_optimizer.written_out,
    )
    schedule = stage.schedule.written_out
    written = {"loss": loss, "augment": augment, "optimizer": optimizer, "schedule": schedule}
    return stage.stage.model_copy(update=written)
