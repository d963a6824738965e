"""Can this recipe run here?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.render import print_table
from srkit_core.devices import DeviceName, PrecisionName

if TYPE_CHECKING:
    from srkit_core.engine.step_timing import StepTiming
    from srkit_core.plan import Plan
    from srkit_core.recipe import Recipe
    from srkit_core.registry import Registry
    from srkit_core.run_options import RunOptions


def check(
    recipe: Annotated[str, typer.Argument(help="A TOML file, or the name of a shipped recipe.")],
    run: Annotated[
        bool, typer.Option("--run", help="Build it, run a step of each stage, and time the loader.")
    ] = False,
    data: Annotated[str | None, typer.Option(help="With --run: the pictures to load.")] = None,
    device: Annotated[DeviceName | None, typer.Option(help="With --run: where to compute.")] = None,
    precision: Annotated[
        PrecisionName | None, typer.Option(help="With --run: fp32, bf16 or fp16.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="With --run: processes that load pictures.")
    ] = None,
) -> None:
    """Say whether a recipe can run on this machine."""
    from srkit_core.plan import plan
    from srkit_core.recipe_files import find_recipe, read_recipe
    from srkit_core.registry import discover

    registry = discover()
    planned = plan(read_recipe(recipe), registry)
    typer.echo(f"recipe '{planned.recipe.name}': every component is installed and fits")
    _print_plan(planned)
    for note in [*_missing_data(find_recipe(recipe)), *_missing_networks(planned, registry)]:
        typer.echo(note)
    if run:
        given = {"data": data, "device": device, "precision": precision, "workers": workers}
        _try(planned.recipe, registry, _where(find_recipe(recipe), given))


def _print_plan(planned: "Plan") -> None:
    typer.echo(f"x{planned.recipe.scale}, generator {planned.generator.expression}")
    if planned.discriminator:
        typer.echo(f"discriminator {planned.discriminator.expression}")
    rows = [
        [
            one.stage.name,
            str(one.stage.length),
            " + ".join(f"{term.weight:g}*{term.bound.expression}" for term in one.terms),
            str(one.stage.batch),
            str(one.stage.patch),
        ]
        for one in planned.stages
    ]
    print_table(["stage", "length", "loss", "batch", "patch"], rows)


def _missing_data(path: Path) -> list[str]:
    """Note pictures that a run folder's recipe was trained on and that are not on this machine."""
    from srkit_core.data_source import parse_data_sources
    from srkit_core.run_folder import read_environment

    environment = read_environment(path.parent) if path.name == "recipe.toml" else None
    if environment is None:
        return []
    sources = parse_data_sources(environment["data"]["source"])
    gone = [
        source.where
        for source in sources
        if source.where != "photos" and not source.is_address and not Path(source.where).exists()
    ]
    return [
        f"note: its pictures in {source} are not here; give others with --data" for source in gone
    ]


def _missing_networks(planned: "Plan", registry: "Registry") -> list[str]:
    """Note pretrained networks that a run would download first."""
    from srkit_core.pinning import components_of, found_here

    needed = dict.fromkeys(
        names
        for bound in components_of(planned)
        for one in bound.with_nested()
        for names in one.pretrained
    )
    missing = [names for names in needed if not found_here(names, registry)]
    return [
        f"note: the pretrained network {' or '.join(names)} is not on this machine and "
        f"{_remedy(names, registry)}"
        for names in missing
    ]


def _remedy(names: tuple[str, ...], registry: "Registry") -> str:
    from srkit_core.pinning import is_path

    published = any(
        file.sources
        for name in names
        if not is_path(name, registry)
        for file in registry.pretrained(name).files
    )
    return (
        "will be downloaded" if published else "is published nowhere: srkit weights add NAME FILE"
    )


def _where(path: Path, given: dict[str, Any]) -> "RunOptions":
    """Return where the recipe would run: as the run it was written by, but for what is given."""
    from srkit_core.cli.train import beside
    from srkit_core.run_options import RunOptions

    found = beside(path.parent) if path.name == "recipe.toml" else {}
    return RunOptions(
        **(found | {name: value for name, value in given.items() if value is not None})
    )


def _try(recipe: "Recipe", registry: "Registry", where: "RunOptions") -> None:
    from srkit_core.cli.progress import ProgressView
    from srkit_core.engine.run_data import open_run_data
    from srkit_core.engine.step_timing import time_stages
    from srkit_core.pinning import pin
    from srkit_core.recipe import PAIRED

    with ProgressView() as view:
        planned = pin(recipe, registry, report=view.on_download).plan
        needs_pairs = planned.recipe.degradation == PAIRED and where.data == "photos"
        pictures = [] if needs_pairs else open_run_data(planned, where, view).training
    if needs_pairs:
        typer.echo("note: the recipe takes LR from disk; --data PAIRS times the loader too")
    _print_trials(list(time_stages(planned, where, pictures)))


def _print_trials(trials: "list[StepTiming]") -> None:
    rows = [
        [
            one.stage,
            f"{one.seconds:.3g} s",
            f"{one.trained:.4g}/s",
            "" if one.drawn is None else f"{one.drawn:.4g}/s",
            f"{one.memory_mb:.0f} MiB",
            one.bottleneck,
        ]
        for one in trials
    ]
    print_table(["stage", "a step", "networks", "loader", "peak memory", "bottleneck"], rows)
    for one in trials:
        typer.echo(f"{one.stage}: about {one.expected:.3g} pictures a second")
