"""From which checkpoint does a run go on?"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

from srkit_core.engine.checkpoints.checkpoint import Progress, read_progress
from srkit_core.engine.checkpoints.run_folder import RunFolder, delete_checkpoint
from srkit_core.engine.events import Listener
from srkit_core.errors import RecipeError, WeightsError
from srkit_core.recipe import Recipe, recipe_from_toml


@dataclass(frozen=True)
class AtEpoch:
    """The newest checkpoint that was written in an epoch, counted over the whole run from 1."""

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

    A damaged one is passed over in favour of the one before it, saying so; one that was asked for
    by step or epoch must be there and complete, else WeightsError.
    """
    if isinstance(resume, AtEpoch):
        found = next(
            (one for one in _usable(folder, listener) if one.progress.epoch == resume.epoch), None
        )
        return found or _refuse(folder, f"epoch {resume.epoch}")
    if resume != "newest":
        path = folder.checkpoint(resume)
        return (
            Checkpoint(path, read_progress(path))
            if path.is_dir()
            else _refuse(folder, f"step {resume}")
        )
    usable = _usable(folder, listener)
    found = next(usable, None)
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
    results = folder.results_after(chosen.progress.position.total) if later else []
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


def check_same_wish(folder: RunFolder, recipe: Recipe) -> None:
    """Raise RecipeError when a run is resumed with another recipe.

    The length of the last stage may differ, and `accumulate`.
    """
    old, new = (without_length(one) for one in (recorded_recipe(folder), recipe))
    differing = next(_differences(old, new), None)
    if differing:
        raise RecipeError(
            f"{folder.path} was started with another {differing} than this command line asks for",
            hint=f"srkit train --resume --out {shlex.quote(str(folder.path))} takes the recipe "
            "from there",
        )


def recorded_recipe(folder: RunFolder) -> Recipe:
    """Return the resolved recipe a run was started with."""
    return recipe_from_toml(folder.recipe.read_text(encoding="utf-8"), origin=str(folder.recipe))


def _usable(folder: RunFolder, listener: Listener) -> Iterator[Checkpoint]:
    """Yield the checkpoints that can be read, newest first, naming those that cannot."""
    for path in reversed(folder.checkpoints()):
        try:
            yield Checkpoint(path, read_progress(path))
        except WeightsError as error:
            listener.note(f"{error}; trying the one before it")


def _refuse(folder: RunFolder, wanted: str) -> NoReturn:
    there = (
        ", ".join(str(int(path.name.removeprefix("step-"))) for path in folder.checkpoints())
        or "none"
    )
    raise WeightsError(
        f"{folder.path} has no checkpoint at {wanted}; there are steps {there}",
        hint="--resume alone takes the newest",
    )


def _differences(old: object, new: object, place: str = "") -> Iterator[str]:
    """Yield the dotted places at which two documents differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(name), new.get(name), f"{place}.{name}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(one, other, f"{place}.{number}")
    elif old != new:
        yield place


def without_length(recipe: Recipe) -> dict[str, object]:
    """Return a recipe as plain values, but for its name, the length of its last stage, and the
    parts that batches are cut into.
    """
    document = recipe.to_dict()
    document.pop("name")
    for stage in document["stages"]:
        stage.pop("accumulate")
    for name in ("steps", "epochs"):
        document["stages"][-1].pop(name, None)
    return document
