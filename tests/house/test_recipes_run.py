"""Does every shipped recipe fit what is in this repository?"""

import pytest

from srkit_core.evaluation_files import is_evaluation_recipe
from srkit_core.named_recipes import read_recipe
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_toml
from srkit_core.registry import discover
from srkit_core.specs import RecipeSpec

SHIPPED = [
    one.name
    for one in discover(limit=()).installed(RecipeSpec)
    if not is_evaluation_recipe(one.spec.file)
]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_fits_what_is_installed(name):
    recipe = read_recipe(name)
    planned = plan(recipe, discover())
    assert recipe.name == name
    assert recipe_from_toml(planned.recipe.to_toml()) == planned.recipe


def test_the_shipped_recipes_are_those_of_the_examples(root):
    assert sorted(path.stem for path in (root / "examples/recipes").glob("*.toml")) == SHIPPED
