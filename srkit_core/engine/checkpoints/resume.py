"""From which checkpoint does a run go on?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

from srkit_core.callbacks import Callback
from srkit_core.engine.checkpoints.checkpoint import (
    Checkpoint,
    Progress,
    delete_checkpoint,
    read_progress,
)
from srkit_core.errors import WeightsError
from srkit_core.models.weights_file import read_card
from srkit_core.run_folder import RunFolder


@dataclass(frozen=True)
class AtEpoch:
    """The newest checkpoint that was written in an epoch, counted over the whole run from 1."""

    epoch: int


Resume: TypeAlias = Literal["newest"] | int | AtEpoch
"""The newest complete checkpoint, that of a step, or that of an epoch."""


def find_checkpoint(folder: RunFolder, resume: Resume, callback: Callback) -> Checkpoint | None:
    """Return the checkpoint to go on from, None when there is none yet.

    A damaged one is passed over in favour of the one before it, saying so; one that was asked for
    by step or epoch must be there and complete, else WeightsError.
    """
    if isinstance(resume, AtEpoch):
        usable = _usable(folder, callback)
        found = next((one for one in usable if one.progress.epoch == resume.epoch), None)
        return found or _refuse(folder, f"epoch {resume.epoch}")
    if resume != "newest":
        path = folder.checkpoint(resume)
        if not path.is_dir():
            _refuse(folder, f"step {resume}")
        return Checkpoint(path, read_progress(path))
    found = next(_usable(folder, callback), None)
    if found is None and folder.checkpoints():
        raise WeightsError(
            f"none of the {len(folder.checkpoints())} checkpoints of {folder.path} can be read",
            hint=f"begin a new run with --init {folder.weights('last')}",
            path=folder.path,
        )
    return found


def forget_later(folder: RunFolder, chosen: Checkpoint) -> None:
    """Delete what was kept of later steps, if there are later checkpoints: the run takes another
    way from here.

    The newest checkpoint goes first, so that what a kill leaves is a run that was stopped earlier.
    """
    later = [path for path in folder.checkpoints() if path.name > chosen.folder.name]
    results = _results_after(folder, chosen.progress.position.total) if later else []
    for path in reversed(later):
        delete_checkpoint(path)
    for result in results:
        result.unlink()


def with_kept_best(folder: RunFolder, stage: str, progress: Progress) -> Progress:
    """Forget best figures whose weights are gone, so that the next ones are kept."""
    best = {
        name: value
        for name, value in progress.best.items()
        if folder.weights(f"best-{name}", stage).exists()
    }
    return replace(progress, best=best)


def _usable(folder: RunFolder, callback: Callback) -> Iterator[Checkpoint]:
    """Yield the checkpoints that can be read, newest first, naming those that cannot."""
    for path in reversed(folder.checkpoints()):
        try:
            yield Checkpoint(path, read_progress(path))
        except WeightsError as error:
            callback.on_note(f"{error}; trying the one before it")


def _refuse(folder: RunFolder, wanted: str) -> NoReturn:
    steps = [str(int(path.name.removeprefix("step-"))) for path in folder.checkpoints()]
    there = ", ".join(steps) or "none"
    raise WeightsError(
        f"{folder.path} has no checkpoint at {wanted}; there are steps {there}",
        hint="--resume alone takes the newest",
    )


def _results_after(folder: RunFolder, step: int) -> list[Path]:
    """Return the best weights, those of milestones and the validation pictures of later steps."""
    weights = [
        path
        for name in ("best-*", "step-*")
        for path in folder.path.glob(f"weights/*/{name}.safetensors")
    ]
    newest = folder.picture(step).name
    pictures = [path for path in folder.path.glob("pictures/step-*.png") if path.name > newest]
    return [path for path in weights if _step_of(path) > step] + pictures


def _step_of(weights: Path) -> int:
    """Return the step of a weights file, 0 of one that does not say."""
    try:
        return read_card(weights).step
    except WeightsError:
        return 0
