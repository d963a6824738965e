"""Does every field of a recipe say what it means, in the table, the schema and the page?"""

import pytest
from pydantic import BaseModel

from srkit_core import evaluation_recipe, fields, optimizer_config, recipe, schedule
from srkit_core.recipe_fields import TABLES, field_meanings, fields_markdown, recipe_fields
from srkit_core.recipe_schema import evaluation_schema, recipe_schema
from srkit_core.registry import discover

CONTRACT = (
    "name loss steps epochs batch patch order d_steps optimizer schedule lr lr_warmup ema augment "
    "log_every validate_every checkpoint_every"
)
"""The stage fields that `--set` takes, whatever else comes and goes."""

TWO_LINES = 200


def _models():
    modules = (evaluation_recipe, optimizer_config, recipe, schedule)
    found = {
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, BaseModel)
    }
    return found - {fields.RecipeTable, BaseModel}


def test_no_model_is_forgotten():
    assert set(TABLES.values()) == _models()


@pytest.mark.parametrize("model", TABLES.values(), ids=lambda one: one.__name__)
def test_every_field_has_a_description_of_its_own(model):
    said = field_meanings(model)
    assert said.keys() == model.model_fields.keys()
    assert [name for name, text in said.items() if not 10 <= len(text) <= TWO_LINES] == []
    assert [name for name, text in said.items() if not text.endswith(".")] == []
    assert len(set(said.values())) == len(said)


def test_a_model_says_in_a_few_lines_what_it_is():
    assert {
        model.__name__ for model in TABLES.values() if not 20 < len(model.__doc__ or "") < 400
    } == set()


def test_stages_keep_their_fields():
    assert set(CONTRACT.split()) - set(recipe.Stage.model_fields) == set()


def test_the_table_says_type_and_default_as_they_are_written():
    rows = {f"{one.table}.{one.name}": one for one in recipe_fields()}
    shown = {name: (row.type, row.default, row.required) for name, row in rows.items()}
    assert shown["recipe.generator"] == ("generator", "", True)
    assert shown["recipe.degradation"] == ("chain of degradations", '"bicubic"', False)
    assert shown["recipe.stages"] == ("list of tables", "", True)
    assert shown["validation.border"] == ("int >= 0", "none", False)
    assert shown["stages.loss"] == ("sum of losses", "", True)
    assert shown["stages.batch"] == ("int >= 1 and <= 1000000", "16", False)
    assert shown["stages.ema"] == ("number > 0 and < 1", "none", False)
    assert shown["stages.log_every"] == ('int >= 1 | "2 epochs"', "50", False)
    assert shown["stages.schedule"] == ("table", '"constant"', False)
    assert shown["stages.order"] == (
        "generator-first | discriminator-first",
        '"generator-first"',
        False,
    )


def test_the_page_has_every_field_and_short_lines():
    page = fields_markdown()
    assert page.count("\n* **`") == len(recipe_fields())
    assert max(map(len, page.splitlines())) <= 100


def test_the_schema_carries_every_description():
    training, evaluating = recipe_schema(discover()), evaluation_schema(discover())
    for model in TABLES.values():
        schema = evaluating if model.__module__ == evaluation_recipe.__name__ else training
        definition = schema["$defs"].get(model.__name__, schema)
        properties = (definition.get("anyOf") or [definition])[0]["properties"]
        said = field_meanings(model)
        assert {name: properties[name].get("description") for name in said} == said


@pytest.mark.parametrize(("schema_of", "least"), [(recipe_schema, 30), (evaluation_schema, 8)])
def test_every_reference_in_the_schema_is_defined(schema_of, least):
    schema = schema_of(discover())

    def references(node):
        if isinstance(node, dict):
            yield from (
                value
                for key, value in node.items()
                if key in ("$ref", "x-srkit-options") and isinstance(value, str)
            )
            node = list(node.values())
        for one in node if isinstance(node, list) else ():
            yield from references(one)

    found = set(references(schema))
    assert {one.rpartition("/")[2] for one in found} - set(schema["$defs"]) == set()
    assert len(found) > least


def test_a_schema_without_plugins_offers_nothing_and_is_still_one(plugin):
    defined = recipe_schema(discover([]))["$defs"]
    assert defined["generator"]["oneOf"] == [False]
