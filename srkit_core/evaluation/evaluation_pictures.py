"""Which pictures does an evaluation score, and where is their LR from?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from srkit_core.chain import bind_chain
from srkit_core.data.examples import LrMaker
from srkit_core.data.pairs import Candidates, check_one_to_one, join_pairs
from srkit_core.data.picture import Picture, Split
from srkit_core.data.picture_set import PictureSet, open_picture_set, readable
from srkit_core.data.shards import ENDING as SHARD
from srkit_core.errors import DataError, RecipeError
from srkit_core.evaluation.centre_crops import centre_crops, said_of_small
from srkit_core.evaluation.run_pictures import held_out_pictures
from srkit_core.evaluation_recipe import EvaluationRecipe
from srkit_core.models.build import build_degradation
from srkit_core.recipe import PAIRED
from srkit_core.registry import Registry
from srkit_core.run_folder import RunFolder
from srkit_core.validation_binding import checked_crop

Note: TypeAlias = Callable[[str], None]


def open_evaluation_set(
    wanted: EvaluationRecipe, split: Split | None, note: Note, run: RunFolder | None = None
) -> PictureSet:
    """Return the pictures of an evaluation recipe that can be read whole; without data, what a run
    held out.

    Raises RecipeError when it names no data, or stored LR and a degradation, DataError when they
    have no such split.
    """
    if wanted.data is None and run:
        held, which = held_out_pictures(run, split)
        note(f"{len(held.pictures)} pictures that {run.path} held out ({which})")
        for text in held.notes():
            note(text)
        return held
    if wanted.data is None:
        hint = "--data FOLDER, --data photos, or a run folder, which held some out"
        raise RecipeError("there is nothing to evaluate on", hint=hint)
    paired = wanted.degrade == PAIRED
    prefer: tuple[Split, ...] = (split,) if split else ("test", "val")
    found = open_picture_set(wanted.data, paired=paired, scale=wanted.scale, prefer=prefer)
    if "degrade" in wanted.model_fields_set and not paired and are_stored(found.pictures):
        fact = f"{wanted.data} takes LR from disk and degrade makes it: one of them"
        raise RecipeError(fact, hint="--degrade paired, or --data HR alone")
    if split and any(one.split != split for one in found.pictures):
        hint = "srkit prepare --split, or leave out --split"
        raise DataError(f"{wanted.data} has no split '{split}'", hint=hint)
    picture_set = readable(found)
    for text in picture_set.notes():
        note(text)
    return picture_set


def lr_maker_of(
    wanted: EvaluationRecipe, pictures: Sequence[Picture], registry: Registry, scale: int
) -> LrMaker:
    """Return what makes LR of the pictures that have none on disk."""
    if wanted.degrade == PAIRED or are_stored(pictures):
        return LrMaker(None)
    usual = EvaluationRecipe.model_fields["degrade"].default
    names = registry.for_defaults(wanted.degrade, usual)
    return LrMaker(build_degradation(bind_chain(names, wanted.degrade, scale)))


def with_lr(
    pictures: Sequence[Picture], wanted: EvaluationRecipe, note: Note
) -> tuple[Picture, ...]:
    """Return the pictures with their files in the LR folder of the recipe, where it names one.

    Raises DataError where they do not belong to each other one to one.
    """
    if wanted.lr is None:
        return tuple(pictures)
    candidates = Candidates(wanted.lr, scale=wanted.scale)
    lows = partners(pictures, candidates, note)
    return tuple(replace(one, lr=low) for one, low in zip(pictures, lows, strict=True))


def partners(pictures: Sequence[Picture], candidates: Candidates, note: Note) -> tuple[Path, ...]:
    """Return the file of each picture among candidates; what these leave out is told to `note`.

    Raises DataError where they do not belong to each other one to one.
    """
    for text in candidates.contents.notes():
        note(text)
    inside = {file_of(picture): Path(picture.name).parent for picture in pictures}
    found = dict(join_pairs(list(inside), lambda file: candidates.partner(file, inside[file])))
    files = tuple(found[file_of(picture)] for picture in pictures)
    pairs = [(one.path, file) for one, file in zip(pictures, files, strict=True)]
    check_one_to_one(pairs, candidates.side)
    return files


def centres(pictures: Sequence[Picture], side: int, scale: int, note: Note) -> tuple[Picture, ...]:
    """Return the centre crops of a recipe; pictures that are smaller are told to `note`."""
    small = said_of_small(pictures, checked_crop(side, scale, "crop"), scale)
    if small:
        note(small)
    return centre_crops(pictures, side, scale)


def file_of(picture: Picture) -> Path:
    """Return the file of a picture; a shard is called otherwise."""
    return Path(picture.name) if picture.path.suffix == SHARD else picture.path


def are_stored(pictures: Sequence[Picture]) -> bool:
    """Whether LR of every picture comes from disk."""
    return all(one.lr is not None for one in pictures)
