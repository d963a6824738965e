"""Which recipe does this name mean?"""

import difflib
from pathlib import Path

from srkit_core.bundled import bundled
from srkit_core.errors import RecipeError
from srkit_core.recipe import Recipe, recipe_from_toml


def shipped_recipes() -> dict[str, Path]:
    """Return the recipes that come with srkit, by name."""
    return {path.stem: path for path in sorted(bundled("examples/recipes").glob("*.toml"))}


def find_recipe(name: str) -> Path:
    """Return the file of a recipe given as a path or as a shipped name; an existing path wins."""
    shipped = shipped_recipes()
    if Path(name).is_file():
        return Path(name)
    if name in shipped:
        return shipped[name]
    nearest = difflib.get_close_matches(name, shipped, n=1)
    hint = f"srkit recipes {nearest[0]}" if nearest else "srkit recipes"
    raise RecipeError(f"there is no recipe file and no shipped recipe called '{name}'", hint=hint)


def read_recipe(name: str) -> Recipe:
    """Read a recipe from a path or by its shipped name."""
    path = find_recipe(name)
    try:
        return recipe_from_toml(path.read_text(encoding="utf-8"), origin=str(path))
    except UnicodeDecodeError:
        raise RecipeError(f"{path} is not a text file", hint="srkit recipes") from None
