"""What will a sweep train, and can all of it run here?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from srkit_core.callback_binding import bind_callbacks
from srkit_core.data_source import anchored
from srkit_core.errors import RecipeError, SrkitError
from srkit_core.overrides import Flags, recipe_from_flags, with_stored_lr
from srkit_core.plan import plan
from srkit_core.recipe import Recipe
from srkit_core.recipe_files import read_recipe_file, with_listed_names
from srkit_core.registry import Registry
from srkit_core.run_state import run_state
from srkit_core.sweep.combinations import (
    Combination,
    combinations_of,
    names_of,
    settings_of,
)
from srkit_core.sweep.many_runs import SweepTask
from srkit_core.sweep.sweep_folder import (
    SweepFolder,
    SweepRun,
    choose_sweep_folder,
    read_sweep,
)
from srkit_core.tracker_binding import make_tracker


@dataclass(frozen=True)
class PlannedSweep:
    """A sweep whose recipes fit what is installed; `where` are fields of `RunOptions`, `over` what
    was typed, and `higher_is_better` names the metrics of which more is better.
    """

    folder: SweepFolder
    runs: Sequence[SweepRun]
    where: dict[str, Any]
    over: Sequence[str]
    higher_is_better: Collection[str]

    def task(self, name: str, *, anywhere: bool) -> SweepTask:
        """Return what trains a run; `anywhere` is on another machine that sees the same folders."""
        folder, where = self.folder, self.where
        if anywhere:
            folder, where = SweepFolder(folder.path.absolute()), _absolute(where)
        out = folder.run(name).path
        return SweepTask(name, folder.recipe(name), out, _flags(where), folder.stop)

    def is_to_be_trained(self, name: str) -> bool:
        """Whether a run has not come to its end; one that diverged would do so again."""
        run = self.folder.run(name)
        return not run.holds_run or run_state(run.path).state not in ("finished", "diverged")


def plan_sweep(
    base: Recipe | None,
    flags: Flags,
    where: Mapping[str, Any],
    over: Sequence[str],
    out: Path | None,
    registry: Registry,
) -> PlannedSweep:
    """Return the sweep of a recipe, changed by flags, over values of its fields.

    Raises RecipeError or RegistryError where one of the runs cannot be trained here, naming it, and
    RecipeError where two of them are one.
    """
    combinations = combinations_of(over)
    runs = [
        SweepRun(name, one, _recipe(base, flags, one, name, where.get("data")))
        for name, one in zip(names_of(combinations), combinations, strict=True)
    ]
    _check_distinct(runs)
    higher = _checked(runs, where, registry)
    folder = choose_sweep_folder(out, runs[0].recipe.name, runs)
    return PlannedSweep(folder, runs, dict(where), over, higher)


def plan_sweep_again(
    folder: SweepFolder, where: Mapping[str, Any], registry: Registry
) -> PlannedSweep:
    """Return the sweep that was begun in a folder, but for `where` as it runs now.

    Raises DataError where its record is damaged, and what `plan_sweep` raises.
    """
    known = read_sweep(folder)
    runs = [
        SweepRun(name, values, read_recipe_file(folder.recipe(name)))
        for name, values in known["runs"]
    ]
    listed = {
        name: tuple(value) for name, value in known["where"].items() if isinstance(value, list)
    }
    there = {**known["where"], **listed, **where}
    return PlannedSweep(folder, runs, there, known["over"], _checked(runs, there, registry))


def _recipe(
    base: Recipe | None, flags: Flags, values: Combination, name: str, data: str | None
) -> Recipe:
    settings = (*flags.settings, *settings_of(values))
    changed = replace(flags, settings=settings)
    try:
        requested = with_stored_lr(recipe_from_flags(base, changed), changed, data)
        return with_listed_names(requested.recipe, Path())
    except SrkitError as error:
        error.message = f"the run {name}: {error.message}"
        raise


def _checked(
    runs: Sequence[SweepRun], where: Mapping[str, Any], registry: Registry
) -> Collection[str]:
    """Check every run, and return of which metrics more is better."""
    higher = set[str]()
    for name in where.get("track", ()):
        make_tracker(registry, name)
    bind_callbacks(where.get("callback", ()), registry)
    for one in runs:
        try:
            higher |= plan(one.recipe, registry).validation.higher_is_better
        except SrkitError as error:
            error.message = f"the run {one.name}: {error.message}"
            raise
    return higher


def _check_distinct(runs: Sequence[SweepRun]) -> None:
    seen = dict[str, str]()
    for one in runs:
        first = seen.setdefault(one.recipe.to_toml(), one.name)
        if first != one.name:
            fact = f"the runs {first} and {one.name} are one: their recipes are the same"
            raise RecipeError(fact, hint="--over with other values")


def _absolute(where: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a run happens in words that mean the same on another machine."""
    there = dict(where)
    if there.get("data"):
        there["data"] = anchored(str(there["data"]))
    if there.get("val"):
        there["val"] = {name: anchored(str(one)) for name, one in there["val"].items()}
    for name in ("init", "init_disc"):
        if there.get(name) and Path(there[name]).exists():
            there[name] = str(Path(there[name]).absolute())
    return there


def _flags(where: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where a run happens as flags of a command line."""
    words = list[str]()
    for name, value in where.items():
        no = "no-" if value is False else ""
        flag = f"--{no}{name.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(flag)
        elif isinstance(value, Mapping):
            words += [
                f"{flag}={key}={one}" if key else f"{flag}={one}" for key, one in value.items()
            ]
        else:
            several = value if isinstance(value, tuple) else (value,)
            words += [f"{flag}={one}" for one in several]
    return tuple(words)
