"""Which recipes come with srkit, and what may stand in one?"""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srkit_core.cli.output import say, say_text
from srkit_core.cli.render import print_json, print_table, print_text
from srkit_core.errors import SrkitError

if TYPE_CHECKING:
    from srkit_core.recipe import Recipe
    from srkit_core.registry import Installed, Registry
    from srkit_core.specs import RecipeSpec

NameOfRecipe = Annotated[
    str | None, typer.Argument(help="Print this recipe, to be redirected into a file of your own.")
]
SchemaFlag = Annotated[
    bool, typer.Option("--schema", help="Print the JSON Schema, with what is installed.")
]
EvaluationFlag = Annotated[
    bool, typer.Option("--evaluation", help="With --schema: that of evaluation recipes.")
]
FieldsFlag = Annotated[
    bool, typer.Option("--fields", help="Print every field of a recipe and what it means.")
]
FieldsJsonFlag = Annotated[bool, typer.Option("--json", help="The fields as one JSON document.")]
FieldsPageFlag = Annotated[
    bool, typer.Option("--markdown", help="The fields as the page docs/recipe.md.")
]

FromFlag = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="OPTIONS",
        help="Print the recipe that an option file becomes, with every key of it: one of BasicSR, "
        "Real-ESRGAN, traiNNer-redux (YAML) or neosr (TOML).",
    ),
]


def recipes_command(
    name: NameOfRecipe = None,
    options: FromFlag = None,
    schema: SchemaFlag = False,
    evaluation: EvaluationFlag = False,
    fields: FieldsFlag = False,
    as_json: FieldsJsonFlag = False,
    markdown: FieldsPageFlag = False,
) -> None:
    """List the shipped recipes, print one, or print the fields or the schema of all.

    srkit recipes --from train.yml > mine.toml carries a training over from another trainer.
    """
    from srkit_core.registry import discover

    if options:
        _print_carried_over(options)
    elif schema:
        from srkit_core.recipe_schema import evaluation_schema, recipe_schema

        print_json((evaluation_schema if evaluation else recipe_schema)(discover()))
    elif fields or as_json or markdown:
        _print_fields(as_json=as_json, markdown=markdown)
    elif name:
        from srkit_core.named_recipes import find_recipe
        from srkit_core.recipe_files import recipe_text

        say_text(recipe_text(find_recipe(name).path))
    else:
        _print_shipped(discover())


def _print_carried_over(options: Path) -> None:
    """Print the recipe that an option file becomes, and beside it how many keys became what."""
    from srkit_core.option_files.trainers import convert_file
    from srkit_core.option_files.writing import written_recipe

    conversion = convert_file(options)
    say_text(written_recipe(conversion, options.name))
    counts = ", ".join(f"{count} {what}" for what, count in conversion.counts.items())
    say(f"{options.name}: of {sum(conversion.counts.values())} keys {counts}", err=True)


def _print_shipped(registry: "Registry") -> None:
    """Print a row for each installed recipe; one that is damaged says so in its own."""
    from srkit_core.misses import OWN_DISTRIBUTION
    from srkit_core.specs import RecipeSpec

    recipes = registry.installed(RecipeSpec)
    often = Counter(one.name for one in recipes)
    rows, broken = [], set[int]()
    for number, one in enumerate(recipes):
        try:
            told = [*_content(one), _about(one.spec)]
        except SrkitError as error:
            broken.add(number)
            told = ["", "", "", f"broken: {error.message}"]
        rows.append([one.name if often[one.name] == 1 else one.full_name, *told])
    print_table(["recipe", "trains", "length", "data", "what"], rows, bad=frozenset(broken))
    for home in dict.fromkeys(one.distribution for one in recipes):
        if home != OWN_DISTRIBUTION:
            names = ", ".join(one.name for one in recipes if one.distribution == home)
            print_text(f"from {home}: {names}")


def _about(spec: "RecipeSpec") -> str:
    """Return what a recipe is, and where it is from."""
    return spec.summary if spec.source == "empirical" else f"{spec.summary} ({spec.source})"


def _content(recipe: "Installed[RecipeSpec]") -> list[str]:
    """Return what a recipe trains, for how long, and of what pictures; or what an evaluation recipe
    compares.

    Raises SrkitError when it is missing or damaged.
    """
    from srkit_core.evaluation_files import is_evaluation_recipe, read_evaluation_recipe
    from srkit_core.named_recipes import recipe_path
    from srkit_core.recipe import PAIRED
    from srkit_core.recipe_files import read_recipe_file

    path = recipe_path(recipe)
    if is_evaluation_recipe(path):
        wanted = read_evaluation_recipe(path, {})
        models = _counted(len(wanted.rows()), "model")
        sets = f" on {_counted(len(wanted.sets), 'set')}" if wanted.sets else ""
        return [f"evaluates {models}{sets}", "", ""]
    trained = read_recipe_file(path)
    data = "pairs" if trained.degradation == PAIRED else "HR"
    return [f"x{trained.scale} {trained.generator.name}", _length(trained), data]


def _length(recipe: "Recipe") -> str:
    """Return how long all stages are, such as 1.4M steps or 200 epochs."""
    lengths = Counter[str]()
    for stage in recipe.stages:
        lengths[stage.length.unit] += stage.length.count
    return " + ".join(f"{_rounded(count)} {unit}" for unit, count in lengths.items())


def _rounded(count: int) -> str:
    for unit, name in ((1_000_000, "M"), (1000, "k")):
        if count >= unit:
            return f"{count / unit:.3g}{name}"
    return str(count)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


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
