"""Which recipe does this word mean: a file, a run, or one that is installed under that name?"""

from dataclasses import dataclass
from pathlib import Path

from srkit_core.errors import PluginError, RecipeError, UnknownComponentError
from srkit_core.home import at_home
from srkit_core.misses import OWN_DISTRIBUTION
from srkit_core.own_names import with_full_names
from srkit_core.recipe import Recipe
from srkit_core.recipe_files import RUN_RECIPE, lost_recipe, read_recipe_file, read_run_recipe
from srkit_core.registry import Installed, Registry, discover
from srkit_core.run_folder import RunFolder
from srkit_core.specs import RecipeSpec


@dataclass(frozen=True)
class FoundRecipe:
    """The file of a recipe, and the folder of the run that it is of, or the distribution that
    ships it, if it is of one.
    """

    path: Path
    run: Path | None = None
    home: str = ""


def find_recipe(name: str, registry: Registry | None = None) -> FoundRecipe:
    """Return the file of a recipe given as a path, a run folder or a name; an existing path wins.

    `registry` is where names come from, by default the installed plugins. Raises RecipeError when
    it is none of them, AmbiguousError when several distributions bring a recipe of that name,
    PluginError when the file of an installed one is missing, DataError when a run has lost its
    own.
    """
    name = at_home(name)
    run = RunFolder(Path(name))
    for path in (run.path, run.recipe):
        if path.is_file():
            return FoundRecipe(path, path.parent if path.name == RUN_RECIPE else None)
    if run.holds_run or run.has_trained:
        raise lost_recipe(run)
    installed = _installed(name, registry or discover())
    return FoundRecipe(recipe_path(installed), home=installed.distribution)


def read_recipe(name: str, registry: Registry | None = None) -> Recipe:
    """Read a recipe from a path, from a run folder, or by the name of an installed one.

    Lists it points at are looked for beside it; names in one that is installed are written in full.
    Raises what `find_recipe` raises, and RecipeError
    when it is damaged.
    """
    registry = registry or discover()
    found = find_recipe(name, registry)
    if found.run and RunFolder(found.run).has_trained:
        return read_run_recipe(RunFolder(found.run))
    recipe = read_recipe_file(found.path)
    return with_full_names(recipe, registry, found.home) if found.home else recipe


def read_own_recipe(name: str) -> Recipe:
    """Read a recipe that comes with srkit itself, whatever plugins bring under that name."""
    registry = discover()
    own = registry.one(RecipeSpec, f"{OWN_DISTRIBUTION}/{name}")
    return with_full_names(read_recipe_file(recipe_path(own)), registry, OWN_DISTRIBUTION)


def recipe_path(recipe: Installed[RecipeSpec]) -> Path:
    """Return the file of an installed recipe; raises PluginError when it is missing."""
    path = recipe.spec.file
    if not path.is_file():
        raise PluginError(
            f"the recipe '{recipe.full_name}' has lost its file {path}",
            hint=f"pip install --force-reinstall {recipe.distribution}",
        )
    return path


def _installed(name: str, registry: Registry) -> Installed[RecipeSpec]:
    try:
        return registry.one(RecipeSpec, name)
    except UnknownComponentError as miss:
        near = miss.nearest
        hint = f"did you mean '{near[0]}'? srkit recipes lists what is shipped" if near else ""
        advice = hint or miss.hint
        fact = f"there is no recipe file and no shipped recipe called '{name}'"
        raise RecipeError(fact, hint=advice) from None
