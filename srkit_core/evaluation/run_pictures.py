"""Which pictures did a run hold out, and how did it score on them?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from srkit_core.data.picture import Picture
from srkit_core.data.picture_digest import digest_of_sets
from srkit_core.data.picture_set import HELD_OUT_SIDE, PictureSet, open_picture_set, readable
from srkit_core.errors import DataError, RecipeError
from srkit_core.expressions import Chain
from srkit_core.recipe import PAIRED, Recipe
from srkit_core.recipe_files import read_run_recipe
from srkit_core.run_folder import RunFolder, read_environment

HeldOut: TypeAlias = Literal["val", "test"]
_NAMES: Final = {"val": "validation", "test": "test"}


def run_among(models: Iterable[object]) -> RunFolder | None:
    """Return the run folder among the words for models, None where there is none.

    Raises RecipeError when there are several: each has pictures of its own.
    """
    words = [Path(word) for word in models if isinstance(word, (str, Path))]
    runs = [RunFolder(word) for word in words if word.is_dir() and RunFolder(word).holds_run]
    if len(runs) > 1:
        raise RecipeError(
            f"{runs[0].path} and {runs[1].path} each held out pictures of their own",
            hint="--data FOLDER, whose pictures all of them are scored on",
        )
    return runs[0] if runs else None


def as_validated(run: RunFolder) -> dict[str, Any]:
    """Return how a run scores its generator, as fields of an evaluation recipe.

    Raises DataError when its recipe is missing or damaged.
    """
    recipe = read_run_recipe(run)
    paired = recipe.degradation == PAIRED
    chain = PAIRED if paired else Chain((*recipe.target.items, *recipe.degradation.items))
    validation = recipe.validation
    fields = {"degrade": str(chain), "metrics": str(validation.metrics)}
    border = {} if validation.border is None else {"border": validation.border}
    return {"scale": recipe.scale, "protocol": validation.protocol, **fields, **border}


def held_out_pictures(run: RunFolder, split: str | None) -> tuple[PictureSet, HeldOut]:
    """Return the pictures that a run validates on or keeps for a test, as it sees them, and which
    of both they are: what `split` says, else the test where there is one.

    Raises DataError when environment.json is missing or damaged, when the run kept none, or when
    they are not what they were; RecipeError for another split.
    """
    environment, recipe = read_environment(run.path), read_run_recipe(run)
    if environment is None:
        fact = f"{run.environment} is missing"
        raise DataError(fact, hint="--data FOLDER", path=run.environment)
    wanted: HeldOut = "val" if split == "val" or not (split or environment["test"]) else "test"
    if split not in (None, "val", "test"):
        raise RecipeError(
            f"{run.path} lists what it held out, and has no split '{split}'",
            hint="--split val, --split test, or --data FOLDER",
        )
    names, val = environment[_NAMES[wanted]], environment["arguments"].get("val")
    if not names:
        raise DataError(
            f"{run.path} kept no pictures for a test",
            hint="--split val; a new run keeps some with data.test in its recipe",
            path=run.path,
        )
    if wanted == "val" and val:
        sets = {name: _opened(source, recipe, ("val",)) for name, source in val.items()}
    else:
        sets = {"": _chosen(_opened(environment["arguments"]["data"], recipe), names, wanted, run)}
    found = {name: readable(one) for name, one in sets.items()}
    _check_unchanged(run, environment, wanted, {name: one.pictures for name, one in found.items()})
    return _joined(found), wanted


def _opened(source: str, recipe: Recipe, prefer: Sequence[Literal["val"]] = ()) -> PictureSet:
    return open_picture_set(
        source,
        paired=recipe.degradation == PAIRED,
        scale=recipe.scale,
        lr_names=recipe.data.lr_names,
        prefer=prefer,
    )


def _chosen(found: PictureSet, names: Sequence[str], split: HeldOut, run: RunFolder) -> PictureSet:
    known = {one.name: one for one in found.pictures}
    gone = [name for name in names if name not in known]
    if gone:
        raise DataError(
            f"'{gone[0]}', which {run.path} held out, is not in {found.source} any more",
            hint="put it back, or --data FOLDER",
        )
    pictures = tuple(_as_seen(known[name], split) for name in names)
    return replace(found, pictures=pictures, skipped=(), ignored=0, remarks=())


def _as_seen(picture: Picture, split: HeldOut) -> Picture:
    whole = split == "test" or picture.split == "val"
    return picture if whole else replace(picture, limit=HELD_OUT_SIDE)


def _check_unchanged(
    run: RunFolder,
    environment: Mapping[str, Any],
    split: HeldOut,
    sets: Mapping[str, Sequence[Picture]],
) -> None:
    """Raise DataError when pictures of the same names show something else by now."""
    known = environment.get("judges", {}).get(split)
    if known not in (None, digest_of_sets(sets)):
        raise DataError(
            f"the pictures that {run.path} held out are others by now",
            hint="put them back, or --data FOLDER",
        )


def _joined(sets: Mapping[str, PictureSet]) -> PictureSet:
    """Return one set of several, whose pictures are named after theirs."""
    if len(sets) == 1:
        return next(iter(sets.values()))
    pictures = [
        replace(one, name=f"{name}/{one.name}")
        for name, some in sets.items()
        for one in some.pictures
    ]
    skipped = tuple(one for some in sets.values() for one in some.skipped)
    source = ", ".join(one.source for one in sets.values())
    return PictureSet(source=source, pictures=tuple(pictures), skipped=skipped)
