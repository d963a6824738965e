"""From which checkpoint does a run go on?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

from srkit_core.callbacks import Callback
from srkit_core.engine.checkpoints.checkpoint import (
    Checkpoint,
    Progress,
    read_progress,
)
from srkit_core.errors import WeightsError
from srkit_core.models.weights_card import read_card
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
    by step or epoch must be there and complete, else WeightsError. So must any where there are
    weights, which are written after the first.
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
            hint=folder.begins_anew(),
            path=folder.path,
        )
    if found is None and folder.weights("last").exists():
        raise WeightsError(
            f"{folder.path} has weights and no checkpoint to go on from",
            hint=f"copy {folder.path / 'checkpoints'} back; {folder.begins_anew()}",
            path=folder.path / "checkpoints",
        )
    return found


def step_with_rows(folder: RunFolder) -> int | None:
    """Return the newest step whose checkpoint needs no more of metrics.csv than there is."""
    there = folder.metrics.stat().st_size if folder.metrics.is_file() else 0
    for one in _usable(folder, Callback()):
        if one.progress.log_bytes <= there:
            return one.progress.position.total
    return None


def with_kept_best(folder: RunFolder, stage: str, progress: Progress) -> Progress:
    """Forget best figures whose weights are gone or damaged, so that the next ones are kept."""
    best = {
        name: value
        for name, value in progress.best.items()
        if _is_whole(folder.weights(f"best-{name}", stage))
    }
    return replace(progress, best=best)


def with_best_of(judges: str, stage: str, progress: Progress, callback: Callback) -> Progress:
    """Forget best figures and patience of a stage that another validation set than `judges` saw,
    and say so.
    """
    if progress.judged_on in ("", judges):
        return replace(progress, judged_on=judges)
    callback.on_note(
        "validation sees other pictures than before: the best figures up to step "
        f"{progress.position.total} and the patience are forgotten, best weights are chosen anew"
    )
    known = dict(progress.stages)
    if stage in known:
        known[stage] = {**known[stage], "best": {}}
    forgotten = replace(progress, best={}, judged={}, baseline={}, stages=known)
    return replace(forgotten, waited=0, judged_on=judges)


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


def _is_whole(weights: Path) -> bool:
    try:
        read_card(weights)
    except WeightsError:
        return False
    return True
