"""What is kept of a run: weights, the best of them, checkpoints and pictures?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isnan
from typing import TYPE_CHECKING, Final

from srkit_core.callbacks import CheckpointEvent
from srkit_core.engine.checkpoints.checkpoint import Progress, keep_newest, save_checkpoint
from srkit_core.evaluation.picture_sheet import picture_sheet
from srkit_core.io.images import Pixels, write_image
from srkit_core.models.weights_file import Card, card_of, save_weights

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun

BEST_LOSS: Final = "loss"


def keep_best(run: "StageRun", figures: Mapping[str, float]) -> Progress:
    """Save the weights under each figure that improved in this stage.

    Returns the progress with the new best figures.
    """
    progress, stage = run.progress, run.plan.stage
    best = dict(progress.best)
    for name, value, higher_is_better in _contests(run, figures):
        if isnan(value) or (name in best and not _improves(value, best[name], higher_is_better)):
            continue
        best[name] = value
        _save(run, stage.name, f"best-{name}")
    improved = best.get(stage.patience_on) != progress.best.get(stage.patience_on)
    waited = 0 if improved else progress.waited + 1
    ended = stage.patience is not None and waited >= stage.patience
    return replace(progress, best=best, waited=waited, ended=ended)


def keep_milestone(run: "StageRun") -> None:
    """Save the weights at a step that the recipe names, for good."""
    _save(run, run.plan.stage.name, f"step-{run.progress.position.total:08d}")


def keep_checkpoint(run: "StageRun") -> None:
    """Save everything a resumed run needs, and delete checkpoints that are too old."""
    for stage in (run.plan.stage.name, ""):
        _save(run, stage, "last")
    context, step = run.context, run.progress.position.total
    folder = context.folder.checkpoint(step)
    save_checkpoint(folder, run.states(), replace(run.progress, log_bytes=context.log.flush()))
    keep_newest(context.folder, run.plan.stage.keep)
    context.callbacks.on_checkpoint(CheckpointEvent(run.plan.stage.name, step, folder))


def keep_pictures(run: "StageRun", rows: Sequence[Mapping[str, Pixels]]) -> None:
    """Save the first validation pictures side by side."""
    if rows:
        context, step = run.context, run.progress.position.total
        sheet = picture_sheet(rows, context.recipe.validation.columns)
        write_image(context.folder.picture(step), sheet)
        context.trackers.pictures(step, sheet)


def _improves(value: float, best: float, higher_is_better: bool) -> bool:
    return value > best if higher_is_better else value < best


def _contests(run: "StageRun", figures: Mapping[str, float]) -> list[tuple[str, float, bool]]:
    """Name the figures that weights compete in: each metric on the first validation set, and the
    validation loss.
    """
    first = next(iter(run.context.data.validation), "")
    suffix = f"/{first}" if first else ""
    metrics = [
        (term.label, figures[term.label + suffix], term.spec.higher_is_better)
        for term in run.context.plan.metrics
    ]
    loss = [(BEST_LOSS, figures["loss/total"], False)] if "loss/total" in figures else []
    return [*metrics, *loss]


def run_card(run: "StageRun") -> Card:
    """Return who the generator's weights are as they stand."""
    context = run.context
    return card_of(
        context.plan.generator,
        context.recipe.scale,
        context.registry,
        recipe=context.recipe.to_toml(),
        step=run.progress.position.total,
    )


def _save(run: "StageRun", stage: str, name: str) -> None:
    path = run.context.folder.weights(name, stage)
    save_weights(path, run.networks.result.state_dict(), run_card(run))
