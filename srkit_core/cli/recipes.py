"""Which recipes come with srkit, and what may stand in one?"""

from typing import Annotated

import typer

from srkit_core.cli.output import say, say_text
from srkit_core.cli.render import print_json, print_table

NameOfRecipe = Annotated[
    str | None, typer.Argument(help="Print this recipe, to be redirected into a file of your own.")
]
SchemaFlag = Annotated[
    bool, typer.Option("--schema", help="Print the JSON Schema, with what is installed.")
]
FieldsFlag = Annotated[
    bool, typer.Option("--fields", help="Print every field of a recipe and what it means.")
]
FieldsJsonFlag = Annotated[bool, typer.Option("--json", help="The fields as one JSON document.")]
FieldsPageFlag = Annotated[
    bool, typer.Option("--markdown", help="The fields as the page docs/recipe.md.")
]


def recipes_command(
    name: NameOfRecipe = None,
    schema: SchemaFlag = False,
    fields: FieldsFlag = False,
    as_json: FieldsJsonFlag = False,
    markdown: FieldsPageFlag = False,
) -> None:
    """List the shipped recipes, print one, or print the fields or the schema of all."""
    from srkit_core.recipe_files import find_recipe

    if schema:
        from srkit_core.recipe_schema import recipe_schema
        from srkit_core.registry import discover

        print_json(recipe_schema(discover()))
    elif fields or as_json or markdown:
        _print_fields(as_json=as_json, markdown=markdown)
    elif name:
        say_text(find_recipe(name).read_text(encoding="utf-8"))
    else:
        _print_shipped()


def _print_shipped() -> None:
    from srkit_core.recipe_files import read_recipe, shipped_recipes

    rows = []
    for name in shipped_recipes():
        recipe = read_recipe(name)
        stages = ", ".join(stage.name for stage in recipe.stages)
        rows.append([name, f"x{recipe.scale}", str(recipe.generator), stages])
    print_table(["recipe", "scale", "generator", "stages"], rows)


def _print_fields(*, as_json: bool, markdown: bool) -> None:
    from srkit_core.recipe_fields import TABLES, fields_markdown, recipe_fields, table_heading

    if markdown:
        say_text(fields_markdown())
        return
    if as_json:
        print_json({"fields": [vars(field) for field in recipe_fields()]})
        return
    for table in TABLES:
        say(table_heading(table))
        rows = [
            [one.name, one.type, "must be written" if one.required else one.default, one.meaning]
            for one in recipe_fields()
            if one.table == table
        ]
        print_table(["field", "type", "default", "meaning"], rows)
        say()
