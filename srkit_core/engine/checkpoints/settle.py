"""What does a run leave that was stopped in the middle of something?"""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from srkit_core.engine.checkpoints.checkpoint import Checkpoint, read_state, tidy
from srkit_core.engine.checkpoints.checkpoint_policy import (
    run_card,
    run_discriminator_card,
)
from srkit_core.engine.checkpoints.resume import find_checkpoint
from srkit_core.engine.logs.summary import write_summary
from srkit_core.errors import SrkitError
from srkit_core.models.weights_card import step_of
from srkit_core.models.weights_file import save_weights
from srkit_core.run_folder import DISCRIMINATOR

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun


def settle(run: "StageRun") -> None:
    """Make the folder what its newest checkpoint says: rows, the last weights, and figures of an
    earlier end.

    What cannot be put right stays as a kill would leave it, and a resumed run does it.
    """
    context = run.context
    if not context.processes.is_main:
        return
    context.writer.wait()
    with suppress(SrkitError, OSError):
        tidy(context.folder)
        newest = find_checkpoint(context.folder, "newest", context.callbacks)
        if newest is None:
            context.log.start()
            return
        context.log.cut(newest.progress.log_bytes)
        _put_back_weights(run, newest)
        refresh_summary(_as_far_as(run, newest))


def refresh_summary(run: "StageRun") -> None:
    """Let a summary that an earlier end left tell of the run as it is."""
    if run.context.folder.summary.exists():
        write_summary(run.context.folder, run.progress)


def _as_far_as(run: "StageRun", checkpoint: Checkpoint) -> "StageRun":
    """Return the run as far as a checkpoint is; its networks are as they were."""
    progress = checkpoint.progress
    return replace(run, progress=progress, number=progress.position.stage)


def _put_back_weights(run: "StageRun", newest: Checkpoint) -> None:
    """Write the last weights of a checkpoint again, where later ones stand in their place."""
    folder, position, then = run.context.folder, newest.progress.position, _as_far_as(run, newest)
    stage = run.context.plan.stages[position.stage]
    average = read_state(newest.folder, "ema").tensors
    tensors = average or read_state(newest.folder, "generator").tensors
    for path in (folder.weights("last", stage.stage.name), folder.weights("last")):
        if step_of(path) != position.total:
            save_weights(path, dict(tensors), run_card(then))
    path = folder.weights(DISCRIMINATOR, stage.stage.name)
    if stage.adversarial and step_of(path) != position.total:
        tensors = read_state(newest.folder, DISCRIMINATOR).tensors
        save_weights(path, dict(tensors), run_discriminator_card(then))
