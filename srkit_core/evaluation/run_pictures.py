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
from srkit_core.validation_config import ValidationSet

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


def as_validated(run: RunFolder, split: str | None) -> dict[str, Any]:
    """Return how a run scores its generator on what `split` of its pictures says, as fields of an
    evaluation recipe.

    Raises DataError when its recipe is missing or damaged, RecipeError when it scores several sets
    in ways of their own.
    """
    ways, val = _ways(run, split)
    (first, way), *others = ways.items()
    for name, other in others:
        field = next((one for one in way if other.get(one) != way[one]), None)
        if field is not None:
            raise RecipeError(
                f"{run.path} validates '{first}' and '{name}' with another {field} each: "
                f"{way[field]}, {other[field]}",
                hint=f"data of one of them, {val[first]}, or srkit eval {run.path}, which scores "
                "each in its way",
            )
    return way


def each_as_validated(run: RunFolder, split: str | None) -> dict[str, Any]:
    """Return what `as_validated` does, and sets with their own fields where a run scores several in
    ways of their own.
    """
    ways, val = _ways(run, split)
    first, *others = ways.values()
    if all(one == first for one in others):
        return first
    return {"sets": {name: {"data": val[name], **way} for name, way in ways.items()}}


def _ways(run: RunFolder, split: str | None) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return how each set is scored, and the places of those that --val named."""
    recipe, environment = read_run_recipe(run), read_environment(run.path)
    wanted = _which(environment, split) if environment else "test"
    named = environment["arguments"].get("val") if environment and wanted == "val" else None
    val: dict[str, str] = dict(named or {})
    if wanted == "test":
        return {"": _fields(recipe, recipe.validation.usual)}, val
    return {name: _fields(recipe, recipe.validation.of(name)) for name in val or ("",)}, val


def _fields(recipe: Recipe, scored: ValidationSet) -> dict[str, Any]:
    """Return how a validation set is scored, as fields of an evaluation recipe."""
    paired = recipe.degradation == PAIRED
    made = PAIRED if paired else Chain((*recipe.target.items, *recipe.degradation.items))
    degrade = made if scored.degradation is None else scored.degradation
    border = recipe.scale if scored.border is None else scored.border
    return {
        "scale": recipe.scale,
        "degrade": str(degrade),
        "metrics": str(scored.metrics),
        "protocol": scored.protocol,
        "border": border,
        "crop": scored.crop,
    }


def held_out_pictures(run: RunFolder, split: str | None) -> tuple[PictureSet, HeldOut]:
    """Return what `held_out_sets` does as one set."""
    sets, which = held_out_sets(run, split)
    return _joined(sets), which


def held_out_sets(run: RunFolder, split: str | None) -> tuple[Mapping[str, PictureSet], HeldOut]:
    """Return the pictures that a run validates on or keeps for a test, as it sees them, by the
    names of their sets, and which of both they are: what `split` says, else the test where there is
    one.

    Raises DataError when environment.json is missing or damaged, when the run kept none, or when
    they are not what they were; RecipeError for another split.
    """
    environment, recipe = read_environment(run.path), read_run_recipe(run)
    if environment is None:
        fact = f"{run.environment} is missing"
        raise DataError(fact, hint="--data FOLDER", path=run.environment)
    wanted = _which(environment, split)
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
        sets = {
            name: _opened(name, source, recipe, _is_stored(recipe, name), ("val",))
            for name, source in val.items()
        }
    else:
        source = environment["arguments"]["data"]
        found = _opened("train", source, recipe, recipe.degradation == PAIRED)
        sets = {"": _chosen(found, names, wanted, run)}
    whole = {name: readable(one) for name, one in sets.items()}
    _check_unchanged(run, environment, wanted, {name: one.pictures for name, one in whole.items()})
    return whole, wanted


def _which(environment: Mapping[str, Any], split: str | None) -> HeldOut:
    return "val" if split == "val" or not (split or environment["test"]) else "test"


def _is_stored(recipe: Recipe, name: str) -> bool:
    own = recipe.validation.of(name).degradation
    return (recipe.degradation if own is None else own) == PAIRED


def _opened(
    name: str,
    source: str,
    recipe: Recipe,
    stored: bool,
    prefer: Sequence[Literal["val"]] = (),
) -> PictureSet:
    return open_picture_set(
        source,
        paired=stored,
        scale=recipe.scale,
        lr_names=recipe.data.lr_names_of(name),
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
