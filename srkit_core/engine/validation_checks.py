"""Can a run be validated as its recipe says, with the pictures that there are?"""

import difflib
from collections.abc import Iterator

from srkit_core.compatibility import check_contests
from srkit_core.engine.checkpoints.contests import BEST_LOSS
from srkit_core.engine.run_context import RunContext, crop_rule
from srkit_core.engine.validation_watch import said_of_files
from srkit_core.errors import RecipeError
from srkit_core.evaluation.centre_crops import said_of_small
from srkit_core.evaluation.metric_sizes import check_metric_sizes, too_small
from srkit_core.validation_config import UNNAMED


def check_validation(context: RunContext) -> None:
    """Refuse what would fail at the first validation, before the first step, and say what is scored
    in another way than a person may think.
    """
    _check_lr(context)
    _check_deciding(context)
    _check_losses(context)
    _check_metrics(context)
    for note in (*_unmatched(context), *_smaller_than_crop(context), *said_of_files(context)):
        context.callbacks.on_note(note)


def _check_lr(context: RunContext) -> None:
    """Refuse to make LR of a set all of whose LR is from disk, and say of how many it is."""
    for name, pictures in context.data.validation.items():
        scored_by = context.plan.validation.of(name)
        stored = sum(one.lr is not None for one in pictures)
        if not stored or scored_by.degradation is None:
            continue
        if scored_by.own_lr and stored == len(pictures):
            table, val = f"validation.sets.{name or UNNAMED}", f"--val {name}".rstrip()
            raise RecipeError(
                f"{table}.degradation makes LR, and {val} takes it from disk: one of them",
                hint=f"--set {table}.degradation=paired, or HR alone for {val}",
            )
        made = len(pictures) - stored
        if made:
            which = f"validation set '{name}'" if name else "validation"
            said = f"LR of {stored} pictures is from disk, of {made} it is made"
            context.callbacks.on_note(f"{which}: {said} by {scored_by.degradation.chain}")


def _check_deciding(context: RunContext) -> None:
    plan, names = context.plan.validation, tuple(context.data.validation)
    called = {name or UNNAMED for name in names}
    missing = [name for name in plan.best_of if name not in called]
    if missing:
        given = ", ".join(f"'{name}'" for name in names if name)
        there = f"there are {given}" if given else "no validation set has a name"
        raise RecipeError(
            f"validation.best_of names '{missing[0]}', and no --val gives such a set: {there}",
            hint=f"--val '{missing[0]}=PATH', or --set 'validation.best_of=[]'",
        )
    schedules = [one.schedule.figure for one in context.plan.stages]
    check_contests(context.recipe, schedules, plan.labels_of(plan.deciding(names)))


def _check_losses(context: RunContext) -> None:
    """Refuse to wait for a validation loss that no picture is large enough for."""
    stages = context.plan.stages
    following = [*(one.stage.start_from for one in stages[1:]), "last"]
    for number, (planned, next_from) in enumerate(zip(stages, following, strict=True)):
        stage = planned.stage
        waits = stage.patience is not None and stage.patience_on == BEST_LOSS
        needed = waits or f"best-{BEST_LOSS}" == next_from or planned.schedule.figure == BEST_LOSS
        if needed and not context.validator.has_losses(crop_rule(context.plan, number)):
            raise RecipeError(
                f"stage '{stage.name}' needs a validation loss, and no validation picture is as "
                f"large as its patch of {stage.patch}",
                hint="--val larger pictures, a smaller --patch, or psnr instead of the loss",
            )


def _check_metrics(context: RunContext) -> None:
    """Refuse pictures that a metric could not judge."""
    validator, plan, scale = context.validator, context.plan.validation, context.recipe.scale
    for name, one in validator.sets.items():
        check_metric_sizes(one.scored, scale, one.scoring.protocol, plan.of(name).metrics)
    if not context.recipe.validation.on_training:
        return
    for stage in (one.stage for one in context.plan.stages):
        sides, protocol = (stage.patch, stage.patch), validator.usual.protocol
        fault = too_small(sides, protocol, plan.usual.metrics)
        if fault:
            fact = f"the patch of stage '{stage.name}' {fault}"
            raise RecipeError(fact, hint="a larger --patch, or --set validation.on_training=false")


def _unmatched(context: RunContext) -> Iterator[str]:
    """Say which tables of the recipe are of no set, and which sets have none though others do."""
    tables = context.plan.validation.sets
    names = [name or UNNAMED for name in context.data.validation]
    plain = [name for name in names if name not in tables]
    for name in (one for one in tables if one not in names):
        near = difflib.get_close_matches(name, plain, n=1)
        meant = f"; is '{near[0]}' meant?" if near else ""
        yield (
            f"[validation.sets.{name}] of the recipe changes nothing, as no --val {name}=PATH "
            f"gives its pictures{meant}"
        )
    if tables and plain != [UNNAMED]:
        for name in plain:
            yield f"validation set '{name}' has no table in the recipe, and is scored as is usual"


def _smaller_than_crop(context: RunContext) -> Iterator[str]:
    for name, one in context.validator.sets.items():
        crop = context.plan.validation.of(name).crop
        small = said_of_small(one.scored, crop, context.recipe.scale)
        if small:
            yield f"validation set '{name}': {small}" if name else small
