"""Do the components of a recipe go together?

Every check raises IncompatibleError with the fact and what to write instead.
"""

from collections.abc import Sequence
from itertools import pairwise

from srkit_core.binding import BoundComponent
from srkit_core.errors import IncompatibleError
from srkit_core.recipe import Recipe, Stage
from srkit_core.specs import DiscriminatorSpec, GeneratorSpec, LossSpec


def check_adversarial(recipe: Recipe, losses: Sequence[BoundComponent]) -> None:
    """Check that there is a discriminator if, and only if, one of all losses is adversarial."""
    adversarial = [loss.component.name for loss in losses if loss.spec(LossSpec).adversarial]
    if adversarial and recipe.discriminator is None:
        raise IncompatibleError(
            f"the loss '{adversarial[0]}' is adversarial, but there is no discriminator",
            hint="--disc vgg-sn",
        )
    if recipe.discriminator is not None and not adversarial:
        raise IncompatibleError(
            f"no stage has an adversarial loss for the discriminator '{recipe.discriminator}'",
            hint="--loss l1+gan",
        )


def check_contests(recipe: Recipe, schedules: Sequence[str], metrics: Sequence[str]) -> None:
    """Check the figures that patience, the start of a stage and its schedule go by: a metric of
    validation, or the loss.
    """
    for number, (stage, scheduled) in enumerate(zip(recipe.stages, schedules, strict=True)):
        best = stage.start_from.removeprefix("best-")
        starts = [] if stage.start_from in ("last", "ema") else [("start_from", best)]
        rates = [("the schedule's figure", scheduled)] if scheduled else []
        for field, figure in [("patience_on", stage.patience_on), *starts, *rates]:
            if figure not in (*metrics, "loss"):
                raise IncompatibleError(
                    f"{field} of stage '{stage.name}' is '{figure}', which validation does not "
                    "measure",
                    hint=f"one of {', '.join(metrics)}, loss",
                )
        if number == 0 and stage.start_from != "last":
            raise IncompatibleError(
                f"the first stage '{stage.name}' has no stage before it to start from",
                hint=f"--set stages.{stage.name}.start_from=last",
            )


def check_averages(recipe: Recipe) -> None:
    """Check that a stage which starts from a moving average comes after one that keeps one."""
    for before, stage in pairwise(recipe.stages):
        if stage.start_from == "ema" and before.ema is None:
            raise IncompatibleError(
                f"stage '{stage.name}' starts from the moving average of stage '{before.name}', "
                "which keeps none",
                hint=f"--set stages.{before.name}.ema=0.999",
            )


def check_labels(stage: Stage, labels: Sequence[str]) -> None:
    """Check that every ramp is of a loss of its stage."""
    strangers = [label for label in stage.ramps if label not in labels]
    if strangers:
        raise IncompatibleError(
            f"stage '{stage.name}' ramps '{strangers[0]}', which is none of its losses",
            hint=f"its losses are {', '.join(labels)}",
        )


def check_turns(stage: Stage, *, adversarial: bool) -> None:
    """Check that a stage without a discriminator asks nothing of one."""
    asked = {
        "freeze": stage.freeze.count > 0,
        "generator_every": stage.generator_every > 1,
        "discriminator_from": stage.discriminator_from != "last",
    }
    field = next((name for name, said in asked.items() if said), None)
    if field and not adversarial:
        usual = {"freeze": 0, "generator_every": 1, "discriminator_from": "last"}[field]
        raise IncompatibleError(
            f"{field} of stage '{stage.name}' is about a discriminator, and none of its losses is "
            "adversarial",
            hint=f"--set stages.{stage.name}.{field}={usual}",
        )


def check_room(stage: Stage, loss: BoundComponent, unit: int) -> None:
    """Check that a stage's patch is large enough for one of its losses."""
    smallest = loss.amount(loss.spec(LossSpec).min_size)
    if stage.patch < smallest:
        raise IncompatibleError(
            f"patch {stage.patch} of stage '{stage.name}' is too small for the loss "
            f"'{loss.component.name}'",
            hint=f"--patch {_up_to(smallest, unit)}",
        )


def check_crop(stage: Stage, generator: BoundComponent, scale: int) -> None:
    """Check that a stage's patch suits the generator, and its pool the batch."""
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


def check_patches(bound: BoundComponent, patches: Sequence[int], unit: int) -> None:
    """Check that a discriminator can judge the patches of all adversarial stages, in pixels."""
    spec = bound.component.spec
    if "patch" in bound.context and len(patches) > 1:
        raise IncompatibleError(
            f"discriminator '{bound.component.name}' is built for one patch, the stages have "
            f"{patches}",
            hint="--patch N",
        )
    if isinstance(spec, DiscriminatorSpec):
        _check_sides(bound, spec, patches, unit)


def _check_sides(
    bound: BoundComponent, spec: DiscriminatorSpec, patches: Sequence[int], unit: int
) -> None:
    smallest = bound.amount(spec.min_size)
    if patches[0] < smallest:
        raise IncompatibleError(
            f"patch {patches[0]} is too small for the discriminator '{bound.component.name}'",
            hint=f"--patch {_up_to(smallest, unit)}",
        )
    largest = None if spec.max_size is None else bound.amount(spec.max_size)
    if largest is not None and patches[-1] > largest:
        raise IncompatibleError(
            f"patch {patches[-1]} is too large for the discriminator '{bound.component.name}'",
            hint=f"--patch {largest // unit * unit}",
        )


def check_lipschitz(discriminator: BoundComponent, losses: Sequence[BoundComponent]) -> None:
    """Check that the slope of the logits is bounded where a loss needs that."""
    needing = [loss.component.name for loss in losses if loss.spec(LossSpec).needs_lipschitz]
    if needing and not discriminator.spec(DiscriminatorSpec).lipschitz(discriminator.arguments):
        raise IncompatibleError(
            f"the loss '{needing[0]}' needs a spectrally normalised discriminator, "
            f"'{discriminator.name}' with these options is none",
            hint="--disc vgg-sn",
        )


def _up_to(smallest: int, unit: int) -> int:
    return -(-smallest // unit) * unit
