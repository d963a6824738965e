"""Which recipe does this name mean?"""

import difflib
from pathlib import Path
from typing import Final

from srkit_core.errors import RecipeError
from srkit_core.lists import read_list
from srkit_core.recipe import Recipe, recipe_from_toml
from srkit_core.resources import bundled

RUN_RECIPE: Final = "recipe.toml"
"""What the recipe of a run is called in its folder."""


def shipped_recipes() -> dict[str, Path]:
    """Return the recipes that come with srkit, by name."""
    return {path.stem: path for path in sorted(bundled("examples/recipes").glob("*.toml"))}


def find_recipe(name: str) -> Path:
    """Return the file of a recipe given as a path, a run folder or a shipped name; an existing path
    wins.
    """
    shipped = shipped_recipes()
    for path in (Path(name), Path(name) / RUN_RECIPE):
        if path.is_file():
            return path
    if name in shipped:
        return shipped[name]
    nearest = difflib.get_close_matches(name, shipped, n=1)
    listed = "srkit recipes lists what is shipped"
    hint = f"did you mean '{nearest[0]}'? {listed}" if nearest else "srkit recipes"
    raise RecipeError(f"there is no recipe file and no shipped recipe called '{name}'", hint=hint)


def read_recipe(name: str) -> Recipe:
    """Read a recipe from a path or by its shipped name.

    Lists it points at are looked for beside it.
    """
    path = find_recipe(name)
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
    names = {field: tuple(read_list(folder / path)) for field, path in lists.items()}
    return recipe.model_copy(update={"data": recipe.data.model_copy(update=names)})
