"""Does every shipped recipe fit what is in this repository?"""

import pytest
from recipe_results import small

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


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "demo"])
def test_the_small_form_for_the_page_of_results_fits_too(name):
    whole, reduced = plan(read_recipe(name), discover()), plan(small(name, 0.01), discover())
    assert [one.stage.name for one in reduced.stages] == [one.stage.name for one in whole.stages]
    for one, other in zip(reduced.stages, whole.stages, strict=True):
        assert [str(term.bound) for term in one.terms] == [str(term.bound) for term in other.terms]
        assert [term.weight for term in one.terms] == [term.weight for term in other.terms]
    assert reduced.generator.component == whole.generator.component


def test_the_shipped_recipes_are_those_of_the_examples(root):
    assert sorted(path.stem for path in (root / "examples/recipes").glob("*.toml")) == SHIPPED
