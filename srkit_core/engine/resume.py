"""From which checkpoint does a run go on?"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from srkit_core.engine.events import Listener
from srkit_core.engine.folder import RunFolder
from srkit_core.engine.state import Progress, read_progress
from srkit_core.errors import RecipeError, WeightsError
from srkit_core.recipe import Recipe, recipe_from_toml


@dataclass(frozen=True)
class AtEpoch:
    """The checkpoint at the end of an epoch, counted over the whole run from 1."""

    epoch: int


Resume: TypeAlias = Literal["newest"] | int | AtEpoch
"""The newest complete checkpoint, that of a step, or that of an epoch."""


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint."""

    folder: Path
    progress: Progress


def find_checkpoint(folder: RunFolder, resume: Resume, listener: Listener) -> Checkpoint | None:
    """Return the checkpoint to go on from, None when there is none yet.

    A damaged one is passed over in favour of the one before it, saying so; one that was asked for by step or epoch must
    be there and complete, else WeightsError.
    """
    if resume != "newest":
        return _chosen(folder, resume)
    for path in reversed(folder.checkpoints()):
        try:
            return Checkpoint(path, read_progress(path))
        except WeightsError as error:
            listener.note(f"{error}; trying the one before it")
    return None


def forget_later(folder: RunFolder, chosen: Checkpoint) -> None:
    """Delete checkpoints after the chosen one: the run takes another way from here."""
    for path in folder.checkpoints():
        if path.name > chosen.folder.name:
            shutil.rmtree(path)


def check_same_wish(folder: RunFolder, recipe: Recipe) -> None:
    """Raise RecipeError when a run is resumed with another recipe; the length of the last stage may differ."""
    before = recipe_from_toml(folder.recipe.read_text(encoding="utf-8"), origin=str(folder.recipe))
    old, new = (_without_length(one) for one in (before, recipe))
    differing = [name for name in old if old[name] != new.get(name)] or [name for name in new if name not in old]
    if differing:
        raise RecipeError(
            f"{folder.path} was started with another {differing[0]} than this command line asks for",
            hint=f"srkit train --resume --out {folder.path} (the recipe is taken from there)",
        )


def _chosen(folder: RunFolder, resume: int | AtEpoch) -> Checkpoint:
    for path in folder.checkpoints():
        progress = read_progress(path)
        if resume in (progress.position.total, AtEpoch(progress.epoch)):
            return Checkpoint(path, progress)
    there = ", ".join(str(int(path.name.removeprefix("step-"))) for path in folder.checkpoints()) or "none"
    wanted = f"epoch {resume.epoch}" if isinstance(resume, AtEpoch) else f"step {resume}"
    raise WeightsError(f"{folder.path} has no checkpoint at {wanted}; there are steps {there}", hint="--resume alone takes the newest")


def _without_length(recipe: Recipe) -> dict[str, object]:
    document = recipe.to_dict()
    for name in ("steps", "epochs"):
        document["stages"][-1].pop(name, None)
    return document
