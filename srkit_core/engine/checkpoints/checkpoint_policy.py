"""What is kept of a run: weights, the best of them, checkpoints and pictures?"""

from collections.abc import Mapping
from dataclasses import replace
from math import isnan

from srkit_core.engine.checkpoints.checkpoint import CheckpointContent, Progress, save_checkpoint
from srkit_core.engine.stage_run import Networks, RunContext, StageRun
from srkit_core.evaluation.picture_sheet import sheet
from srkit_core.io.images import Pixels, write_image
from srkit_core.models.weights_file import Card, fill, read_tensors, save_weights

BEST_LOSS = "loss"


def keep_best(
    setting: RunContext,
    live: StageRun,
    networks: Networks,
    progress: Progress,
    figures: Mapping[str, float],
) -> Progress:
    """Save the weights under each figure that improved in this stage.

    Returns the progress with the new best figures.
    """
    best, stage = dict(progress.best), live.plan.stage
    for name, value, better_is_higher in _contests(setting, figures):
        if isnan(value) or (
            name in best and (value <= best[name] if better_is_higher else value >= best[name])
        ):
            continue
        best[name] = value
        _save(setting, networks, stage.name, f"best-{name}", progress)
    improved = best.get(stage.patience_on) != progress.best.get(stage.patience_on)
    waited = 0 if improved else progress.waited + 1
    return replace(
        progress,
        best=best,
        waited=waited,
        ended=stage.patience is not None and waited >= stage.patience,
    )


def keep_milestone(
    setting: RunContext, live: StageRun, networks: Networks, progress: Progress
) -> None:
    """Save the weights at a step that the recipe names, for good."""
    _save(setting, networks, live.plan.stage.name, f"step-{progress.position.total:08d}", progress)


def take_best(setting: RunContext, networks: Networks, stage: str, name: str) -> None:
    """Let the generator, and its moving average, go on from weights that were kept of a stage."""
    path = setting.folder.weights(name, stage)
    for network in (networks.generator.module, networks.average):
        if network is not None:
            fill(network, read_tensors(path), path)


def keep_last(setting: RunContext, live: StageRun, networks: Networks, progress: Progress) -> None:
    """Save the weights as they stand, for the stage and for the run."""
    for stage in (live.plan.stage.name, ""):
        _save(setting, networks, stage, "last", progress)


def keep_checkpoint(
    setting: RunContext, live: StageRun, networks: Networks, progress: Progress
) -> None:
    """Save everything a resumed run needs, and delete checkpoints that are too old."""
    keep_last(setting, live, networks, progress)
    memory = CheckpointContent(networks.by_name(), live.by_name(), live.pool.tensors())
    save_checkpoint(
        setting.folder.checkpoint(progress.position.total),
        memory,
        replace(progress, log_bytes=setting.log.flush()),
    )
    setting.folder.keep_newest(live.plan.stage.keep)


def keep_pictures(setting: RunContext, progress: Progress, rows: list[dict[str, Pixels]]) -> None:
    """Save the first validation pictures side by side."""
    if rows:
        columns = setting.plan.recipe.validation.columns
        picture = sheet(rows, columns)
        write_image(setting.folder.picture(progress.position.total), picture)
        setting.trackers.pictures(progress.position.total, picture)


def _contests(setting: RunContext, figures: Mapping[str, float]) -> list[tuple[str, float, bool]]:
    """Name the figures that weights compete in: each metric on the first validation set, and the
    validation loss.
    """
    first = next(iter(setting.validator.sets), "")
    suffix = f"/{first}" if first else ""
    metrics = [
        (term.label, figures[term.label + suffix], term.spec.higher_is_better)
        for term in setting.plan.metrics
    ]
    return [
        *metrics,
        *([(BEST_LOSS, figures["loss/total"], False)] if "loss/total" in figures else []),
    ]


def _save(
    setting: RunContext, networks: Networks, stage: str, name: str, progress: Progress
) -> None:
    card = Card(
        generator=setting.plan.generator.expression,
        scale=setting.plan.recipe.scale,
        recipe=setting.plan.recipe.to_toml(),
        versions=setting.versions,
        step=progress.position.total,
    )
    save_weights(setting.folder.weights(name, stage), networks.result.state_dict(), card)
