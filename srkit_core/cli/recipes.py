"""Which recipes come with srkit?"""

from typing import Annotated

import typer

from srkit_core.cli.render import print_json, print_table


def recipes(
    name: Annotated[
        str | None,
        typer.Argument(help="Print this recipe, to be redirected into a file of your own."),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of recipes.")
    ] = False,
) -> None:
    """List the shipped recipes, print one, or print the schema of all."""
    from srkit_core.recipe import recipe_schema
    from srkit_core.recipe_files import find_recipe, read_recipe, shipped_recipes

    if schema:
        print_json(recipe_schema())
    elif name:
        typer.echo(find_recipe(name).read_text(encoding="utf-8"), nl=False)
    else:
        shipped = {one: read_recipe(one) for one in shipped_recipes()}
        rows = [
            [
                one,
                f"x{recipe.scale}",
                str(recipe.generator),
                ", ".join(stage.name for stage in recipe.stages),
            ]
            for one, recipe in shipped.items()
        ]
        print_table(["recipe", "scale", "generator", "stages"], rows)
