"""What is in the file of a recipe, as somebody wrote it or as a run left it?"""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from srkit_core.errors import DataError, RecipeError
from srkit_core.home import at_home
from srkit_core.lists import PictureUse, read_part
from srkit_core.recipe import Recipe, recipe_from_toml
from srkit_core.run_folder import RunFolder

RUN_RECIPE: Final = "recipe.toml"
"""What the recipe of a run is called in its folder."""
_PARTS: Final[Mapping[str, PictureUse]] = {"hold_out": "val", "test": "test"}
"""What a partition calls the pictures that are kept from training."""


def read_run_recipe(folder: RunFolder) -> Recipe:
    """Read the recipe of a run; raises DataError when its file is missing or damaged."""
    path = folder.recipe
    if not path.exists():
        raise lost_recipe(folder)
    try:
        return recipe_from_toml(path.read_text(encoding="utf-8"), origin=str(path))
    except (OSError, UnicodeDecodeError, RecipeError) as error:
        reason = str(getattr(error, "strerror", None) or error).removeprefix(f"{path} ")
        empty = path.is_file() and path.stat().st_size == 0
        fact = f"{path} is empty" if empty else f"{path} cannot be used: {reason}"
        raise DataError(fact, hint=_way_on(folder), path=path) from None


def read_recipe_file(path: Path) -> Recipe:
    """Read a recipe from its file; lists it points at are looked for beside it.

    Raises RecipeError when it cannot be read or is no recipe.
    """
    recipe = recipe_from_toml(recipe_text(path), origin=str(path))
    return with_listed_names(recipe, path.parent)


def recipe_text(path: Path) -> str:
    """Return what is written in the file of a recipe; raises RecipeError when it is no text."""
    try:
        return path.read_text(encoding="utf-8")
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
    names = {
        field: tuple(read_part(folder / at_home(path), _PARTS[field]))
        for field, path in lists.items()
    }
    return recipe.model_copy(update={"data": recipe.data.model_copy(update=names)})


def lost_recipe(folder: RunFolder) -> DataError:
    """Return the error of a run whose recipe is missing."""
    fact = f"{folder.recipe} is missing"
    return DataError(fact, hint=_way_on(folder), path=folder.recipe)


def _way_on(folder: RunFolder) -> str:
    last = folder.weights("last")
    if not last.is_file():
        return "copy it back, or train again from the recipe that the run began with"
    return f"copy it back; srkit weights show {shlex.quote(str(last))} prints the recipe as well"
