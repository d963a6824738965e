"""How is a training run typed?"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.flags import RECIPE_FLAGS, RUN_FLAGS, takes_flags
from srkit_core.errors import RecipeError

if TYPE_CHECKING:
    from srkit_core.engine.checkpoints.resume import Resume
    from srkit_core.overrides import Flags, RequestedRecipe


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

    where |= {"val": _named_sets(where["val"])} if "val" in where else {}
    where |= {"track": tuple(where["track"])} if "track" in where else {}
    if resume and out is None and recipe and (Path(recipe) / "recipe.toml").is_file():
        out = Path(recipe)
    _train(recipe, flags_of(flags), where, out, resume)


def _train(
    recipe: str | None, flags: "Flags", where: dict[str, Any], out: Path | None, resume: str | None
) -> None:
    resumed = out if resume else None
    if recipe is None and flags.gen is None and "init" in where and not _holds_run(resumed):
        flags = _like(flags, where["init"])
    requested, taken, repeats = _requested(recipe, flags, resumed)
    from srkit_core.plan import plan
    from srkit_core.registry import discover

    plan(requested.recipe, discover())  # so that a slip of the pen is told before torch is imported

    from srkit_core.cli.progress import ProgressView
    from srkit_core.engine.trainer import train
    from srkit_core.run_options import RunOptions

    taken = {name: value for name, value in taken.items() if name not in where}
    with ProgressView() as view:
        for note in requested.notes:
            view.on_note(note)
        if taken:
            view.on_note(
                "taken from environment.json: "
                + ", ".join(f"{name} {value}" for name, value in taken.items())
            )
        result = train(
            requested.recipe,
            RunOptions(out=out, repeats=repeats, **(taken | where)),
            resume=_resume(resume, out),
            callbacks=[view],
        )
        view.on_note(f"weights: {result.weights}")


def _holds_run(folder: Path | None) -> bool:
    return folder is not None and (folder / "recipe.toml").is_file()


def _like(flags: "Flags", init: str) -> "Flags":
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
) -> tuple["RequestedRecipe", dict[str, Any], Path | None]:
    """Return the recipe, the arguments of *where* that stand beside it, and the run it repeats."""
    from srkit_core.overrides import recipe_from_flags
    from srkit_core.recipe_files import find_recipe, read_recipe

    if recipe is None and flags.gen is None and resumed and (resumed / "recipe.toml").is_file():
        recipe = str(resumed / "recipe.toml")
    if recipe is None and flags.gen is None and resumed:
        raise RecipeError(
            f"{resumed} holds no run to go on with",
            hint="--out RUN, the folder that srkit train wrote",
        )
    if recipe is None:
        return recipe_from_flags(None, flags), beside(resumed) if resumed else {}, None
    path = find_recipe(recipe)
    repeated = path.parent if path.name == "recipe.toml" and not resumed else None
    return recipe_from_flags(read_recipe(recipe), flags), beside(resumed or repeated), repeated


def beside(run: Path | None) -> dict[str, Any]:
    """Return the arguments of *where* that a run folder was made with."""
    from srkit_core.run_folder import read_environment
    from srkit_core.run_options import repeated_options

    environment = read_environment(run) if run else None
    arguments = environment["arguments"] if environment else {}
    return repeated_options(arguments)


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
            else ("" if len(val) == 1 else Path(text).name, text)
        )
        if not named[1]:
            raise RecipeError(f"--val {text} names no folder", hint="--val NAME=PATH")
        if named[0] in sets:
            raise RecipeError(
                f"two validation sets are called '{named[0]}'", hint="--val NAME=PATH"
            )
        sets[named[0]] = named[1]
    return sets


def _resume(text: str | None, out: Path | None) -> "Resume | None":
    from srkit_core.engine.checkpoints.resume import AtEpoch

    if text is None:
        return None
    if out is None:
        raise RecipeError("--resume needs the run to go on with", hint="--resume --out RUN")
    if text == "newest":
        return "newest"
    number = text.removeprefix("epoch=")
    if not number.isdigit():
        raise RecipeError(
            f"--resume takes a step or epoch=N, not '{text}'",
            hint="--resume alone takes the newest checkpoint",
        )
    return AtEpoch(int(number)) if text.startswith("epoch=") else int(number)
