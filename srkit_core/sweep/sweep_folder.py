"""What lies in the folder of a sweep, and is it the sweep that is asked for?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from srkit_core.errors import DataError, RecipeError
from srkit_core.io.atomic import write_text
from srkit_core.io.documents import write_json
from srkit_core.recipe import Recipe
from srkit_core.run_folder import RunFolder
from srkit_core.run_state import run_state
from srkit_core.sweep.combinations import Combination


@dataclass(frozen=True)
class SweepRun:
    """A run of a sweep: its name, the values that make it another than the others, and its whole
    recipe.
    """

    name: str
    values: Combination
    recipe: Recipe


@dataclass(frozen=True)
class SweepFolder:
    """The layout of the folder of a sweep; each run has a folder in it."""

    path: Path

    @property
    def record(self) -> Path:
        """What is tried, and where it runs; its presence makes the folder a sweep."""
        return self.path / "sweep.json"

    @property
    def table(self) -> Path:
        """The scores of its runs."""
        return self.path / "sweep.csv"

    @property
    def lock(self) -> Path:
        """What the command that works here holds locked."""
        return self.path / ".lock"

    @property
    def stop(self) -> Path:
        """What is there while its runs are asked to stop."""
        return self.path / ".stop"

    def recipe(self, name: str) -> Path:
        """The recipe of a run, before it began."""
        return self.path / "recipes" / f"{name}.toml"

    def run(self, name: str) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.path / name)

    def log(self, name: str) -> Path:
        """What a run printed that had a process of its own."""
        return self.run(name).path / "train.log"

    def is_finished(self, name: str) -> bool:
        """Whether a run came to its end."""
        folder = self.run(name)
        return folder.holds_run and run_state(folder.path).state == "finished"

    def is_of(self, runs: Sequence[SweepRun]) -> bool:
        """Whether it is a sweep whose runs of these names have these recipes."""
        known = [(self.recipe(one.name), one.recipe) for one in runs]
        return self.record.is_file() and all(
            path.is_file() and path.read_text(encoding="utf-8") == recipe.to_toml()
            for path, recipe in known
        )


def choose_sweep_folder(out: Path | None, name: str, runs: Sequence[SweepRun]) -> SweepFolder:
    """Return the folder of a sweep: `out`, or the first `runs/<name>-sweep-<n>` that is free, or
    that holds an unfinished sweep of the same recipes.

    Raises RecipeError where `out` holds something else.
    """
    if out is None:
        numbered = (SweepFolder(Path("runs", f"{name}-sweep-{number}")) for number in count(1))
        return next(one for one in numbered if not one.path.exists() or _goes_on(one, runs))
    folder = SweepFolder(out)
    if folder.record.exists():
        _check_same(folder, runs)
    elif folder.path.exists() and (not out.is_dir() or any(out.iterdir())):
        fact = f"{out} holds something else than a sweep"
        raise RecipeError(fact, hint="--out another folder")
    return folder


def begin_sweep(
    folder: SweepFolder, runs: Sequence[SweepRun], where: Mapping[str, Any], over: Sequence[str]
) -> None:
    """Write down what is tried, and the recipe of each run; raises DataError or DiskFullError where
    that cannot be written.
    """
    for one in runs:
        write_text(folder.recipe(one.name), one.recipe.to_toml())
    named = [{"name": one.name, "values": dict(one.values)} for one in runs]
    write_json(folder.record, {"over": list(over), "where": dict(where), "runs": named})


def read_sweep(folder: SweepFolder) -> dict[str, Any]:
    """Return what sweep.json says; raises DataError when it is damaged."""
    try:
        document = dict(json.loads(folder.record.read_bytes()))
        names = [(str(one["name"]), dict(one["values"])) for one in document["runs"]]
        return {**document, "where": dict(document["where"]), "runs": names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        fact = f"{folder.record} is damaged: {error}"
        hint = "the command that began the sweep, with --out, writes it again"
        raise DataError(fact, hint=hint, path=folder.record) from None


def _goes_on(folder: SweepFolder, runs: Sequence[SweepRun]) -> bool:
    return folder.is_of(runs) and not all(folder.is_finished(one.name) for one in runs)


def _check_same(folder: SweepFolder, runs: Sequence[SweepRun]) -> None:
    """Refuse a sweep in which a run of the same name has another recipe; further runs may come."""
    for one in runs:
        path = folder.recipe(one.name)
        if path.is_file() and path.read_text(encoding="utf-8") != one.recipe.to_toml():
            raise RecipeError(
                f"{folder.path} is a sweep in which {one.name} has another recipe: {path}",
                hint="--out another folder, or the flags that it began with",
            )
