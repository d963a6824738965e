"""How is a training run typed?"""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.flags import RECIPE_FLAGS, RUN_FLAGS, takes_flags
from srkit_core.errors import DataError, RecipeError

_RESUME_VALUE = re.compile(r"newest|\d+|epoch=\d+")

if TYPE_CHECKING:
    from collections.abc import Callable

    from srkit_core.engine.checkpoints.resume import Resume
    from srkit_core.overrides import Flags, RequestedRecipe

    Note = Callable[[str], None]


@takes_flags("flags", RECIPE_FLAGS)
@takes_flags("where", RUN_FLAGS)
def train_command(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE|RUN]", help="A TOML file, the name of a shipped recipe, or a run."
        ),
    ] = None,
    *,
    flags: dict[str, Any],
    where: dict[str, Any],
    out: Annotated[
        Path | None, typer.Option(help="The run folder (default: the next free runs/<name>-<n>).")
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="[STEP|epoch=N]", help="Go on in --out, from the newest or a chosen checkpoint."
        ),
    ] = None,
) -> None:
    """Train a recipe, or one made from flags; a recipe's fields are overridden by the flags."""
    from srkit_core.overrides import flags_of

    where = options_of_where(where)
    if resume and not _RESUME_VALUE.fullmatch(resume):
        recipe, resume = _run_of(resume, recipe), "newest"
    if resume and out is None and recipe and (run := _run_folder(recipe)):
        recipe, out = str(run), run
    train_as_asked(recipe, flags_of(flags), where, out, resume)


def options_of_where(typed: dict[str, Any]) -> dict[str, Any]:
    """Return flags of *where* as the fields of `RunOptions` that they are."""
    where = with_lr_of_data(typed)
    where |= {"val": _named_sets(where["val"])} if "val" in where else {}
    return where | {name: tuple(where[name]) for name in ("track", "callback") if name in where}


def with_lr_of_data(where: dict[str, Any]) -> dict[str, Any]:
    """Return flags of *where* in which `--lq` is a part of `--data`."""
    from srkit_core.run_options import data_with_lr

    if "lq" not in where:
        return where
    others = {name: value for name, value in where.items() if name != "lq"}
    return others | {"data": data_with_lr(where.get("data"), where["lq"])}


def _run_of(resume: str, recipe: str | None) -> str:
    """Return the run that `--resume=RUN` names; raises RecipeError where it is none."""
    if recipe is not None or _run_folder(resume) is None:
        raise RecipeError(
            f"--resume takes a step or epoch=N, not '{resume}'",
            hint="--resume alone takes the newest checkpoint",
        )
    return resume


def _run_folder(word: str) -> Path | None:
    """Return the run folder that a word means: a folder, or the recipe in one."""
    from srkit_core.recipe_files import RUN_RECIPE

    path = Path(word)
    inside = path.name == RUN_RECIPE and (path.parent / "environment.json").exists()
    return path.parent if inside else (path if path.is_dir() else None)


def train_as_asked(
    recipe: str | None, flags: "Flags", where: dict[str, Any], out: Path | None, resume: str | None
) -> None:
    """Train what a command line asks for: a recipe or a run, changed by flags, into `out`; or go
    on, from the `newest` checkpoint or the one that `resume` names.
    """
    from srkit_core.overrides import with_stored_lr

    resumed = out if resume else None
    if recipe is None and flags.gen is None and "init" in where and not _holds_run(resumed):
        flags = like_initial(flags, where["init"])
    requested, run = _requested(recipe, flags, resumed)
    notes = list[str]()
    taken = taken_from_run(run, where, notes.append)
    requested = with_stored_lr(requested, flags, (taken | where).get("data"))
    _check_before_torch(requested, run, where)

    from srkit_core.cli.demo import finish_demo, is_demo
    from srkit_core.cli.progress import ProgressView
    from srkit_core.cli.render import process_number
    from srkit_core.engine.trainer import train
    from srkit_core.run_options import RunOptions

    with ProgressView() as view:
        for note in (*requested.notes, *notes):
            view.on_note(note)
        repeats = None if resume else run
        result = train(
            requested.recipe,
            RunOptions(out=out, repeats=repeats, **(taken | where)),
            resume=_resume(resume, out),
            callbacks=[view],
        )
        view.on_note(f"weights: {result.weights}")
    if resume and is_demo(result.folder) and process_number() == 0:
        finish_demo(result.folder)


def _check_before_torch(
    requested: "RequestedRecipe", run: Path | None, where: dict[str, Any]
) -> None:
    """Tell a slip of the pen before torch is imported."""
    from srkit_core.callback_binding import bind_callbacks
    from srkit_core.plan import plan_of_run
    from srkit_core.registry import discover

    registry = discover()
    plan_of_run(requested.recipe, registry, run)
    bind_callbacks(where.get("callback", ()), registry)


def _holds_run(folder: Path | None) -> bool:
    from srkit_core.run_folder import RunFolder

    return folder is not None and RunFolder(folder).holds_run


def like_initial(flags: "Flags", init: str) -> "Flags":
    """Return the flags with the generator that initial weights are of, and their scale."""
    from srkit_core.cli.progress import ProgressView
    from srkit_core.models.initial_weights import read_initial
    from srkit_core.registry import discover

    with ProgressView() as view:
        initial = read_initial(init, discover(), view.on_download)
        if initial.bound is None:
            return flags
        view.on_note(f"the generator is that of {init}: {initial.bound.expression}")
    scale = initial.scale if flags.scale is None else flags.scale
    return replace(flags, gen=str(initial.bound.expression), scale=scale)


def _requested(
    recipe: str | None, flags: "Flags", resumed: Path | None
) -> tuple["RequestedRecipe", Path | None]:
    """Return the recipe, and the run that goes on or is repeated."""
    from srkit_core.named_recipes import find_recipe, read_recipe
    from srkit_core.overrides import recipe_from_flags
    from srkit_core.recipe_files import read_run_recipe
    from srkit_core.run_folder import RunFolder

    if recipe is None and flags.gen is None and resumed:
        run = RunFolder(resumed)
        if not run.holds_run:
            raise RecipeError(
                f"{resumed} holds no run to go on with",
                hint="--out RUN, the folder that srkit train wrote",
            )
        return recipe_from_flags(read_run_recipe(run), flags), resumed
    if recipe is None:
        return recipe_from_flags(None, flags), resumed
    repeated = find_recipe(recipe).run
    return recipe_from_flags(read_recipe(recipe), flags), resumed or repeated


def taken_from_run(run: Path | None, where: dict[str, Any], note: "Note") -> dict[str, Any]:
    """Return the arguments of *where* that a run was made with and that are not given, and say
    them.
    """
    from srkit_core.run_options import repeated_options

    environment = environment_beside(run, where, note)
    known = repeated_options(environment["arguments"]) if environment else {}
    taken = {name: value for name, value in known.items() if name not in where}
    if taken:
        said = ", ".join(f"{name} {value}" for name, value in taken.items())
        note(f"taken from environment.json: {said}")
    return taken


def environment_beside(run: Path | None, where: dict[str, Any], note: "Note") -> dict[str, Any]:
    """Return environment.json of a run; nothing where there is none, or where it is damaged and
    the pictures are given.
    """
    from srkit_core.run_folder import read_environment

    try:
        return (read_environment(run) if run else None) or {}
    except DataError as error:
        if "data" not in where:
            raise
        note(f"{error.message}; only what is given here is known of where it ran")
        return {}


def _named_sets(val: list[str]) -> dict[str, str]:
    """Name validation sets: `NAME=PATH`, else the folder's name.

    A single unnamed set has no name.
    """
    sets = {}
    for text in val:
        name, equals, path = text.partition("=")
        named = (
            (name, path)
            if equals and not Path(text).exists()
            else ("" if len(val) == 1 else _name_of(text), text)
        )
        if not named[1]:
            raise RecipeError(f"--val {text} names no folder", hint="--val NAME=PATH")
        if named[0] in sets:
            raise RecipeError(
                f"two validation sets are called '{named[0]}'", hint="--val NAME=PATH"
            )
        sets[named[0]] = named[1]
    return sets


def _name_of(data: str) -> str:
    """Name a validation set after its folder, that of HR where LR lies apart."""
    from srkit_core.data_source import parse_data_sources

    first = parse_data_sources(data)[0]
    return Path(first.where if first.has_lr else data).name


def _resume(text: str | None, out: Path | None) -> "Resume | None":
    from srkit_core.engine.checkpoints.resume import AtEpoch

    if text is None:
        return None
    if out is None:
        raise RecipeError("--resume needs the run to go on with", hint="--resume --out RUN")
    if text == "newest":
        return "newest"
    number = text.removeprefix("epoch=")
    return AtEpoch(int(number)) if text.startswith("epoch=") else int(number)
