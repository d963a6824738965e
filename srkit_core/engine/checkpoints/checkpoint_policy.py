"""What is kept of a run: weights, the best of them, checkpoints and pictures?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from srkit_core.callbacks import CheckpointEvent
from srkit_core.engine.checkpoints.checkpoint import (
    Progress,
    State,
    keep_newest,
    save_checkpoint,
)
from srkit_core.engine.checkpoints.contests import contests, deciding_figures
from srkit_core.engine.logs.logger import Figures
from srkit_core.engine.logs.summary import with_validation
from srkit_core.engine.validator import SetScores
from srkit_core.errors import DataError
from srkit_core.evaluation.picture_sheet import picture_sheet
from srkit_core.interfaces import PastValidation
from srkit_core.io.images import Pixels, write_image
from srkit_core.models.discriminator_file import DiscriminatorCard, discriminator_card
from srkit_core.models.weights_card import Card, step_of
from srkit_core.models.weights_file import AnyCard, Tensors, card_of, save_weights
from srkit_core.run_folder import DISCRIMINATOR, read_environment

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun


def keep_best(run: "StageRun", losses: Figures, scores: SetScores) -> Progress:
    """Save the weights under each figure of the deciding validation sets that improved in this
    stage.

    Returns the progress with the new best figures, and with what the summary says of the stage.
    """
    progress, stage = run.progress, run.plan.stage
    won = [one for one in contests(run, losses, scores) if one.is_won(progress)]
    kept = {one.name: one.value for one in won if one.name}
    for name in kept:
        _save(run, stage.name, f"best-{name}")
    step = progress.position.step
    still = step < run.intervals.first_update
    figures, judges = deciding_figures(run, losses, scores), run.context.data.judges
    found = () if still else (PastValidation(step, figures, judges),)
    waited = 0 if stage.patience_on in kept or still else progress.waited + 1
    return replace(
        progress,
        best={**progress.best, **kept},
        judged={**progress.judged, **{one.column: one.scores for one in won}},
        waited=waited,
        ended=stage.patience is not None and waited >= stage.patience,
        validations=(*progress.validations, *found),
        stages=with_validation(run, losses | scores.figures, won, scores.left_out),
    )


def keep_milestone(run: "StageRun") -> None:
    """Save the weights at a step that the recipe names, for good."""
    _save(run, run.plan.stage.name, f"step-{run.progress.position.total:08d}")


def keep_checkpoint(run: "StageRun") -> None:
    """Begin to save everything a resumed run needs, then the weights, which are never newer, and to
    delete checkpoints that are too old.

    All of it is copied to the host's memory now, and written while the run goes on: its
    `BackgroundWriter` says when that is done, and raises what it raised.
    """
    context, step, stage = run.context, run.progress.position.total, run.plan.stage
    context.writer.finish()
    folder = context.folder.checkpoint(step)
    elapsed, log_bytes = context.clock.seconds(), context.log.flush()
    kept = run.progress.position.step in run.intervals.kept_checkpoints
    progress = replace(run.progress, log_bytes=log_bytes, elapsed_s=elapsed, kept=kept)
    states = {name: state.copied() for name, state in run.states().items()}
    weights = list(_last_weights(run, states))

    def write() -> None:
        save_checkpoint(folder, states, progress)
        for path, tensors, card in weights:
            save_weights(path, tensors, card)
        keep_newest(context.folder, stage.keep)

    event = CheckpointEvent(stage.name, step, folder)
    context.writer.begin(write, lambda: context.callbacks.on_checkpoint(event))


def keep_last(run: "StageRun") -> None:
    """Save the weights as a checkpoint has them that was gone back to, unless they are there: a
    kill after it was written, or later steps.
    """
    folder, step = run.context.folder, run.progress.position.total
    names = ("", run.plan.stage.name)
    paths = [folder.weights("last", stage) for stage in names]
    paths += [folder.weights(DISCRIMINATOR, names[1])] if run.plan.adversarial else []
    if any(step_of(path) != step for path in paths):
        for path, tensors, card in _last_weights(run, run.states()):
            save_weights(path, tensors, card)


def keep_pictures(run: "StageRun", rows: Sequence[Mapping[str, Pixels]]) -> None:
    """Save the first validation pictures side by side."""
    if rows:
        context, step = run.context, run.progress.position.total
        sheet = picture_sheet(rows, context.recipe.validation.columns)
        write_image(context.folder.picture(step), sheet)
        context.trackers.pictures(step, sheet)


def _last_weights(
    run: "StageRun", states: Mapping[str, State]
) -> Iterator[tuple[Path, Tensors, AnyCard]]:
    """Yield where the last weights of a stage and of the run are kept, what they are, and who."""
    folder, stage = run.context.folder, run.plan.stage.name
    result, card = states.get("ema") or states["generator"], run_card(run)
    for name in (stage, ""):
        yield folder.weights("last", name), result.tensors, card
    if run.plan.adversarial and run.networks.discriminator:
        judged = states[DISCRIMINATOR].tensors
        yield folder.weights(DISCRIMINATOR, stage), judged, run_discriminator_card(run)


def run_card(run: "StageRun") -> Card:
    """Return who the generator's weights are as they stand."""
    context = run.context
    card = card_of(
        context.plan.generator,
        context.recipe.scale,
        context.registry,
        recipe=context.recipe.to_toml(),
        step=run.progress.position.total,
        held_out=context.data.held_out,
    )
    return replace(card, begun_from=_begun_from(context.folder.path))


def _begun_from(folder: Path) -> str:
    """Say what the generator of a run began from, as environment.json does; nothing where it began
    anew.
    """
    try:
        said = (read_environment(folder) or {}).get("init")
    except DataError:  # damaged since: the run goes on, and its weights say less
        return ""
    return f"{said['path']}, sha256 {said['sha256']}" if said else ""


def run_discriminator_card(run: "StageRun") -> DiscriminatorCard:
    """Return who the weights of the discriminator of a stage are as they stand."""
    context, recipe, bound = run.context, run.context.recipe, run.context.plan.discriminator
    if bound is None:
        raise ValueError("a run without a discriminator has no weights of one")
    judged = {"scale": recipe.scale, "patch": run.plan.stage.patch}
    step, text = run.progress.position.total, recipe.to_toml()
    return discriminator_card(bound, judged, context.registry, recipe=text, step=step)


def _save(run: "StageRun", stage: str, name: str) -> None:
    path = run.context.folder.weights(name, stage)
    save_weights(path, run.networks.result.state_dict(), run_card(run))
