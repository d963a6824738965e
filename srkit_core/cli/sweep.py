"""How is a sweep typed, and how are its runs trained one after the other?"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.flags import RECIPE_FLAGS, RUN_FLAGS, takes_flags
from srkit_core.cli.render import JsonFlag
from srkit_core.errors import RecipeError

if TYPE_CHECKING:
    from srkit_core.cli.sweep_report import SweepReport
    from srkit_core.overrides import Flags
    from srkit_core.recipe import Recipe
    from srkit_core.sweep.many_runs import SweepTask
    from srkit_core.sweep.planned_sweep import PlannedSweep

SweptRecipe = Annotated[
    str | None,
    typer.Argument(
        metavar="[RECIPE|SWEEP]",
        help="A TOML file, the name of a shipped recipe, a run; or the folder of a sweep, which "
        "goes on.",
    ),
]
SweepOut = Annotated[
    Path | None, typer.Option(help="The folder of its runs (default: runs/<recipe>-sweep-<n>).")
]
RunsAtOnce = Annotated[
    int, typer.Option(min=1, help="Runs at once on this machine, each in its own process.")
]
RunsCluster = Annotated[
    str,
    typer.Option(metavar="ADDRESS", help="Of a Dask scheduler whose workers see these folders."),
]
DrySweep = Annotated[
    bool, typer.Option("--dry-run", help="Check and list the runs, and train nothing.")
]
OverOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=[V1, V2]",
        help="Values of a field of the recipe, as --set takes one; may be repeated: every "
        "combination is a run. A,B=[[1, 2], [3, 4]] gives several fields values that belong "
        "together.",
    ),
]


@takes_flags("flags", RECIPE_FLAGS)
@takes_flags("where", RUN_FLAGS)
def sweep_command(
    recipe: SweptRecipe = None,
    over: OverOption = None,
    *,
    flags: dict[str, Any],
    where: dict[str, Any],
    out: SweepOut = None,
    processes: RunsAtOnce = 1,
    cluster: RunsCluster = "",
    dry_run: DrySweep = False,
    as_json: JsonFlag = False,
) -> None:
    """Train a recipe with every combination of some values, and compare the best scores. What an
    earlier command of the same words has done is passed over, what it began goes on.
    """
    from srkit_core.cli.sweep_report import SweepReport

    _check_processes(processes, cluster)
    asked = _asked(recipe, over or [], flags, where, out)
    report = SweepReport(asked, as_json=as_json)
    if dry_run:
        report.tell_plan()
        return
    with _opened(asked) as todo:
        report.tell_begin(len(todo))
        tasks = [asked.task(name, anywhere=bool(cluster)) for name in todo]
        if cluster or processes > 1 or as_json:
            _train_many(tasks, processes, cluster, report)
        else:
            _train_here(tasks, asked.where, report)
        report.tell_end()


def _check_processes(processes: int, cluster: str) -> None:
    from srkit_core.launch import launch

    if launch():
        fact = "a sweep starts processes of its own, and was started as several"
        raise RecipeError(fact, hint="srkit sweep without torchrun; --processes 2 runs two at once")
    if cluster and processes > 1:
        fact = "--processes is for this machine, and --cluster for the workers of another"
        raise RecipeError(fact, hint="leave --processes out")


def _asked(
    recipe: str | None,
    over: Sequence[str],
    flags: dict[str, Any],
    where: dict[str, Any],
    out: Path | None,
) -> "PlannedSweep":
    """Return the sweep that is asked for, every recipe of it checked."""
    from srkit_core.cli.train import options_of_where
    from srkit_core.registry import discover
    from srkit_core.sweep.planned_sweep import plan_sweep, plan_sweep_again
    from srkit_core.sweep.sweep_folder import SweepFolder

    options, registry = options_of_where(where), discover()
    known = recipe is not None and SweepFolder(Path(recipe)).record.is_file()
    if recipe and known:
        if over or flags or out:
            fact = f"{recipe} is a sweep, which goes on as it began"
            raise RecipeError(fact, hint=f"srkit sweep {recipe}")
        return plan_sweep_again(SweepFolder(Path(recipe)), options, registry)
    if not over:
        fact = "a sweep needs values to try"
        raise RecipeError(fact, hint='--over "lr=[1e-4, 2e-4]"')
    base, given, there = _base(recipe, flags, options)
    return plan_sweep(base, given, there, over, out, registry)


def _base(
    recipe: str | None, flags: dict[str, Any], where: dict[str, Any]
) -> "tuple[Recipe | None, Flags, dict[str, Any]]":
    """Return the recipe that is varied, the flags that change it, and where it runs."""
    from srkit_core.cli.output import say
    from srkit_core.cli.train import like_initial, taken_from_run
    from srkit_core.named_recipes import find_recipe, read_recipe
    from srkit_core.overrides import flags_of

    given = flags_of(flags)
    if recipe is None:
        given = like_initial(given, where["init"]) if not given.gen and "init" in where else given
        return None, given, where
    run = find_recipe(recipe).run
    taken = taken_from_run(run, where, lambda text: say(text, err=True))
    return read_recipe(recipe), given, taken | where


@contextmanager
def _opened(asked: "PlannedSweep") -> Iterator[list[str]]:
    """Keep other commands out of the folder, and yield the names of the runs that are to be
    trained.
    """
    from filelock import Timeout

    from srkit_core.locks import locked
    from srkit_core.sweep.sweep_folder import begin_sweep

    folder = asked.folder
    begin_sweep(folder, asked.runs, asked.where, asked.over)
    try:
        with locked(folder.lock, wait=False):
            yield [one.name for one in asked.runs if asked.is_to_be_trained(one.name)]
    except Timeout:
        fact = f"another process works at the sweep in {folder.path}"
        raise RecipeError(fact, hint="wait for it, or --out another folder") from None


def _train_here(tasks: "Sequence[SweepTask]", where: dict[str, Any], report: "SweepReport") -> None:
    """Train runs one after the other in this process; one that fails is told, and the rest done."""
    from srkit_core.cli.train import train_as_asked
    from srkit_core.errors import InterruptedRunError, SrkitError
    from srkit_core.overrides import Flags
    from srkit_core.run_folder import RunFolder

    for task in tasks:
        report.tell_run(task.name)
        goes_on = RunFolder(task.out).holds_run
        recipe, resume = (None, "newest") if goes_on else (str(task.recipe), None)
        try:
            with _as_command(task.words):
                train_as_asked(recipe, Flags(), where, task.out, resume)
        except InterruptedRunError as error:
            raise report.interrupted(error.signal) from None
        except SrkitError as error:
            report.tell_failed(task.name, error.message, error.exit_code)
        except Exception as error:  # of a plugin's component: the other runs may be without it
            report.tell_failed(task.name, f"{type(error).__name__}: {error}", 1)


@contextmanager
def _as_command(words: Sequence[str]) -> Iterator[None]:
    """Let a run write down the command line that trains it alone."""
    before, sys.argv = sys.argv, ["srkit", *words]
    try:
        yield
    finally:
        sys.argv = before


def _train_many(
    tasks: "Sequence[SweepTask]", processes: int, cluster: str, report: "SweepReport"
) -> None:
    from srkit_core.data.preparation.executor import dask_executor
    from srkit_core.sweep.many_runs import (
        LocalRuns,
        train_many,
        train_task,
        train_task_alone,
        visible_gpus,
    )

    if not tasks:
        return
    if cluster:
        with dask_executor(cluster, tasks[0].stop.parent) as executor:
            stopped = train_many(tasks, executor, train_task_alone, report.on_end, report.note)
    else:
        gpus = visible_gpus() if processes > 1 else ()
        local = LocalRuns(processes, gpus)
        stopped = train_many(tasks, local, train_task, report.on_end, report.note)
    if stopped:
        raise report.interrupted(stopped)
