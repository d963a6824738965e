"""Which recipe does this name mean?"""

import difflib
import shlex
from pathlib import Path
from typing import Final

from srkit_core.errors import DataError, RecipeError
from srkit_core.home import at_home
from srkit_core.lists import read_list
from srkit_core.recipe import Recipe, recipe_from_toml
from srkit_core.resources import bundled
from srkit_core.run_folder import RunFolder

RUN_RECIPE: Final = "recipe.toml"
"""What the recipe of a run is called in its folder."""


def shipped_recipes() -> dict[str, Path]:
    """Return the recipes that come with srkit, by name."""
    return {path.stem: path for path in sorted(bundled("examples/recipes").glob("*.toml"))}


def find_recipe(name: str) -> Path:
    """Return the file of a recipe given as a path, a run folder or a shipped name; an existing path
    wins.
    """
    shipped, name = shipped_recipes(), at_home(name)
    run = RunFolder(Path(name))
    for path in (run.path, run.recipe):
        if path.is_file():
            return path
    if run.holds_run or run.has_trained:
        raise _lost(run)
    if name in shipped:
        return shipped[name]
    nearest = difflib.get_close_matches(name, shipped, n=1)
    listed = "srkit recipes lists what is shipped"
    hint = f"did you mean '{nearest[0]}'? {listed}" if nearest else "srkit recipes"
    raise RecipeError(f"there is no recipe file and no shipped recipe called '{name}'", hint=hint)


def read_run_recipe(folder: RunFolder) -> Recipe:
    """Read the recipe of a run; raises DataError when its file is missing or damaged."""
    path = folder.recipe
    if not path.exists():
        raise _lost(folder)
    try:
        return recipe_from_toml(path.read_text(encoding="utf-8"), origin=str(path))
    except (OSError, UnicodeDecodeError, RecipeError) as error:
        reason = str(getattr(error, "strerror", None) or error).removeprefix(f"{path} ")
        empty = path.is_file() and path.stat().st_size == 0
        fact = f"{path} is empty" if empty else f"{path} cannot be used: {reason}"
        raise DataError(fact, hint=_way_on(folder), path=path) from None


def read_recipe(name: str) -> Recipe:
    """Read a recipe from a path or by its shipped name; that of a run as `read_run_recipe` does.

    Lists it points at are looked for beside it.
    """
    path = find_recipe(name)
    if path.name == RUN_RECIPE and RunFolder(path.parent).has_trained:
        return read_run_recipe(RunFolder(path.parent))
    try:
        return with_listed_names(
            recipe_from_toml(path.read_text(encoding="utf-8"), origin=str(path)), path.parent
        )
    except UnicodeDecodeError:
        raise RecipeError(f"{path} is not a text file", hint="srkit recipes") from None


def with_listed_names(recipe: Recipe, folder: Path) -> Recipe:
    """Put the names of its lists of pictures into a recipe, so that it means the same without these
    files.

    A relative path is looked for in `folder`. Raises DataError when a list cannot be read.
    """
    selections = {"hold_out": recipe.data.hold_out, "test": recipe.data.test}
    lists = {
        field: selection for field, selection in selections.items() if isinstance(selection, str)
    }
    if not lists:
        return recipe
    names = {field: tuple(read_list(folder / at_home(path))) for field, path in lists.items()}
    return recipe.model_copy(update={"data": recipe.data.model_copy(update=names)})


def _lost(folder: RunFolder) -> DataError:
    fact = f"{folder.recipe} is missing"
    return DataError(fact, hint=_way_on(folder), path=folder.recipe)


def _way_on(folder: RunFolder) -> str:
    last = folder.weights("last")
    if not last.is_file():
        return "copy it back, or train again from the recipe that the run began with"
    return f"copy it back; srkit weights show {shlex.quote(str(last))} prints the recipe as well"
