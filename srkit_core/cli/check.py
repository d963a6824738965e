"""Can this recipe run here, and what will it train?"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.data_report import data_line, data_notes
from srkit_core.cli.flags import RECIPE_FLAGS, RUN_FLAGS, takes_flags
from srkit_core.cli.network_report import print_networks
from srkit_core.cli.recipe_report import print_stages, validation_lines
from srkit_core.cli.render import print_table, print_text
from srkit_core.cli.train import like_initial
from srkit_core.durations import duration, pace
from srkit_core.errors import RecipeError

if TYPE_CHECKING:
    from srkit_core.engine.step_timing import StepTiming
    from srkit_core.plan import Plan
    from srkit_core.recipe import Recipe
    from srkit_core.registry import Registry
    from srkit_core.run_options import RunOptions

_INITIAL = ("init", "init_disc", "init_partial", "init_optimizers")
_TRIED = {
    name: RUN_FLAGS[name] for name in ("data", "lq", *_INITIAL, "device", "precision", "workers")
}

_ALSO_OF_EVAL = ("data", "scale", "degrade", "settings")
"""Flags that an evaluation recipe is checked with, as `srkit eval` takes them."""


@takes_flags("flags", RECIPE_FLAGS)
@takes_flags("where", _TRIED)
def check_command(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE|RUN]",
            help="A TOML file, the name of a shipped recipe, or a run; an evaluation recipe too.",
        ),
    ] = None,
    *,
    run: Annotated[
        bool, typer.Option("--run", help="Build it, run a step of each stage, and time the loader.")
    ] = False,
    flags: dict[str, Any],
    where: dict[str, Any],
) -> None:
    """Say whether a recipe can run on this machine, and what it will train.

    It takes the flags of train; a network that was never counted here is built once, in a process
    of its own.
    """
    from srkit_core.evaluation_files import is_evaluation_recipe
    from srkit_core.named_recipes import find_recipe, read_recipe
    from srkit_core.registry import discover

    registry = discover()
    found = find_recipe(recipe, registry) if recipe else None
    if found and is_evaluation_recipe(found.path):
        _check_evaluation(found.path, registry, flags | where | ({"run": run} if run else {}))
        return
    base = read_recipe(recipe, registry) if recipe else None
    _check_training(base, found.run if found else None, registry, flags, where, run=run)


def _check_training(
    base: "Recipe | None",
    folder: Path | None,
    registry: "Registry",
    flags: dict[str, Any],
    where: dict[str, Any],
    *,
    run: bool,
) -> None:
    from srkit_core.cli.train import with_lr_of_data
    from srkit_core.overrides import flags_of, recipe_from_flags, with_stored_lr
    from srkit_core.plan import plan_of_run

    where, given = with_lr_of_data(where), flags_of(flags)
    if base is None and given.gen is None and "init" in where:
        given = like_initial(given, where["init"])
    requested = with_stored_lr(recipe_from_flags(base, given), given, where.get("data"))
    planned = plan_of_run(requested.recipe, registry, folder)
    print_text(f"recipe '{planned.recipe.name}': every component is installed and fits")
    for note in requested.notes:
        print_text(note)
    print_text(f"x{planned.recipe.scale}, seed {planned.recipe.seed}, {_lr(requested.recipe)}")
    _print_recipe(planned, registry, folder, where)
    if any(name in where for name in _INITIAL):
        _print_initial(requested.recipe, planned, registry, where)
    if run:
        _try(planned.recipe, registry, _where(folder, where))


def _check_evaluation(path: Path, registry: "Registry", given: dict[str, Any]) -> None:
    """Check an evaluation recipe; raises RecipeError for flags that are about training."""
    from srkit_core.cli.evaluation_report import print_evaluation

    if stray := next((name for name in given if name not in _ALSO_OF_EVAL), None):
        raise RecipeError(
            f"--{stray} is about training, and {path} is an evaluation recipe",
            hint=f"srkit check {shlex.quote(str(path))}",
        )
    print_evaluation(path, registry, given)


def _print_recipe(
    planned: "Plan", registry: "Registry", run: Path | None, where: dict[str, Any]
) -> None:
    """Print what is known without torch, and last what may have to be built: the networks."""
    from srkit_core.cli.train import environment_beside

    environment, data = environment_beside(run, where, print_text), where.get("data")
    crops = _crops(planned, environment, data)
    print_stages(planned, crops)
    print_text(data_line(planned, environment, data, crops))
    for line in validation_lines(planned):
        print_text(line)
    for note in [*data_notes(planned, environment, data), *_missing_networks(planned, registry)]:
        print_text(note)
    counts = print_networks([one for one in (planned.generator, planned.discriminator) if one])
    if (crops is not None or not _counts_epochs(planned)) and None not in counts:
        print_text(_disk_line(planned, crops or 1, [one for one in counts if one is not None]))


def _counts_epochs(planned: "Plan") -> bool:
    """Whether any length in its stages is one of epochs."""
    from srkit_core.fields import Span

    lengths = [planned_stage.stage.length for planned_stage in planned.stages]
    written = [value for one in planned.stages for value in vars(one.stage).values()]
    several = [one for value in written if isinstance(value, tuple) for one in value]
    spans = [one for one in (*lengths, *written, *several) if isinstance(one, Span)]
    return any(one.unit == "epochs" for one in spans)


def _disk_line(planned: "Plan", crops: int, counts: list[int]) -> str:
    from srkit_core.engine.disk_use import Parameters, disk_use
    from srkit_core.engine.intervals import intervals_of

    intervals = [intervals_of(stage, crops) for stage in planned.stages]
    return f"the run keeps {disk_use(planned, intervals, Parameters(*counts))}"


def _print_initial(
    asked: "Recipe", planned: "Plan", registry: "Registry", where: dict[str, Any]
) -> None:
    """Say what the networks begin from, and refuse what does not fit, as train does."""
    from srkit_core.cli.progress import ProgressView
    from srkit_core.engine.initial_networks import read_initial_networks
    from srkit_core.run_options import RunOptions

    options = RunOptions(**{name: where[name] for name in _INITIAL if name in where})
    with ProgressView() as view:
        initial = read_initial_networks(asked, planned, options, registry, view.on_download)
    for role, one in (("generator", initial.generator), ("discriminator", initial.discriminator)):
        if one:
            print_text(f"the {role} starts from {one.path}")
    for note in initial.notes:
        print_text(note)


def _lr(recipe: "Recipe") -> str:
    from srkit_core.recipe import PAIRED

    if recipe.degradation == PAIRED:
        return "LR from disk"
    target = f" of HR after {recipe.target}" if recipe.target.items else ""
    return f"LR by {recipe.degradation}{target}"


def _crops(planned: "Plan", environment: dict[str, Any], data: str | None) -> int | None:
    """Return how many crops an epoch has: of the bundled photographs, or as a run recorded it."""
    from srkit_core.data.bundled_photographs import BUNDLED, count_training_photographs

    recorded = environment.get("data", {})
    if data is None and "crops" in recorded:
        return int(recorded["crops"])
    if (data or recorded.get("source", BUNDLED)) != BUNDLED or planned.degradation is None:
        return None
    chosen = planned.recipe.data
    smallest = max(stage.stage.patch for stage in planned.stages)
    return count_training_photographs(smallest, chosen.hold_out, chosen.test)


def _missing_networks(planned: "Plan", registry: "Registry") -> list[str]:
    """Note pretrained networks that a run would download first."""
    from srkit_core.cli.evaluation_report import missing_networks
    from srkit_core.pinning import components_of

    return missing_networks(components_of(planned), registry)


def _where(run: Path | None, given: dict[str, Any]) -> "RunOptions":
    """Return where the recipe would run: as the run it was written by, but for what is given."""
    from srkit_core.cli.train import environment_beside
    from srkit_core.run_options import RunOptions, repeated_options

    environment = environment_beside(run, given, print_text)
    found = repeated_options(environment["arguments"]) if environment else {}
    return RunOptions(**(found | given))


def _try(recipe: "Recipe", registry: "Registry", where: "RunOptions") -> None:
    from srkit_core.cli.progress import ProgressView
    from srkit_core.engine.run_data import open_run_data
    from srkit_core.engine.step_timing import time_stages
    from srkit_core.pinning import pin
    from srkit_core.recipe import PAIRED

    with ProgressView() as view:
        planned = pin(recipe, registry, report=view.on_download).plan
        needs_pairs = planned.recipe.degradation == PAIRED and where.source == "photos"
        data = None if needs_pairs else open_run_data(planned, where, view)
    if needs_pairs:
        print_text("note: the recipe takes LR from disk; --data PAIRS times the loader too")
    trials = list(time_stages(planned, where, data.training if data else ()))
    _print_trials(trials, _lengths(planned, data.crops if data else None))


def _lengths(planned: "Plan", crops: int | None) -> "list[tuple[int, int] | None]":
    """Return how many steps each stage has, and in how many of them the discriminator learns alone;
    None where epochs depend on pictures that nobody named.
    """
    from srkit_core.engine.intervals import intervals_of

    lengths = list[tuple[int, int] | None]()
    for stage in planned.stages:
        spans = (stage.stage.length, stage.stage.freeze)
        if crops is None and any(one.unit == "epochs" for one in spans):
            lengths.append(None)
            continue
        found = intervals_of(stage, crops or 1)
        lengths.append((found.length, found.length - found.updates))
    return lengths


def _print_trials(trials: "list[StepTiming]", lengths: "list[tuple[int, int] | None]") -> None:
    rows = [
        [
            one.stage,
            f"{one.seconds:.3g} s",
            f"{one.computed:.4g}/s",
            "" if one.drawn is None else f"{one.drawn:.4g}/s",
            f"{one.memory_mb:.0f} MiB",
            one.bottleneck,
        ]
        for one in trials
    ]
    print_table(["stage", "a step", "networks", "loader", "peak memory", "bottleneck"], rows)
    for line in _how_long(trials, lengths):
        print_text(line)


def _how_long(trials: "list[StepTiming]", lengths: "list[tuple[int, int] | None]") -> Iterator[str]:
    """Say how long each stage will take, and all of them."""
    whole = 0.0
    for one, known in zip(trials, lengths, strict=True):
        speed = f"{one.stage}: about {one.expected:.3g} pictures a second"
        if known is None:
            step = pace(one.duration(1))
            yield f"{speed}; {step} a step, and how many there are depends on --data"
            continue
        steps, alone = known
        seconds = one.duration(steps, alone)
        whole += seconds
        took = f"{steps:,} steps of {pace(seconds / steps)} take {duration(seconds)}"
        rest = f", in {alone:,} of them the discriminator learns alone" if alone else ""
        yield f"{speed}; {took}{rest}"
    if None not in lengths:
        yield f"the whole run takes about {duration(whole)}, validation not counted"
