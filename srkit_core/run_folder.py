"""What is in a run folder, and where?"""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from srkit_core.errors import DataError, RecipeError
from srkit_core.home import at_home
from srkit_core.run_documents import (
    checked_environment,
    is_foreign_environment,
    read_rows,
    read_summary,
)

_STEP: Final = "step-{:08d}"
_WORDS: Final = ("stage", "split")
_COUNTS: Final = ("step", "epoch")

_SIGNS: Final = (
    "recipe.toml",
    "environment.json",
    "metrics.csv",
    "summary.json",
    "curves.png",
    "checkpoints",
)
_PARTS: Final = (
    *("pictures", "weights", "checkpoints", "curves.png", "comparison.png"),
    *("wandb", "mlruns", "swanlog"),
)
_LATER: Final = "later-"
DISCRIMINATOR: Final = "discriminator"
"""What the weights of the discriminator are called in the folder of a stage and in a checkpoint."""

HistoryRow: TypeAlias = Mapping[str, float | str | None]
"""A row of metrics.csv by column; None where a column does not apply."""


@dataclass(frozen=True)
class RunFolder:
    """The layout of a run folder."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The resolved recipe; its presence makes the folder a run."""
        return self.path / "recipe.toml"

    @property
    def environment(self) -> Path:
        """What the run was made with: versions, machine, data, arguments."""
        return self.path / "environment.json"

    @property
    def metrics(self) -> Path:
        """A row per logged step and per validation."""
        return self.path / "metrics.csv"

    @property
    def curves(self) -> Path:
        """The figures of the run over its steps, as a picture."""
        return self.path / "curves.png"

    @property
    def summary(self) -> Path:
        """Final figures."""
        return self.path / "summary.json"

    @property
    def end(self) -> Path:
        """How the run ended that did not come to its end: why, and after which step."""
        return self.path / "end.json"

    @property
    def lock(self) -> Path:
        """What the process that trains here holds locked."""
        return self.path / ".lock"

    def weights(self, name: str, stage: str = "") -> Path:
        """The generator's weights: of the run, or of one stage."""
        return self.path / "weights" / stage / f"{name}.safetensors"

    def picture(self, step: int) -> Path:
        """The validation pictures of a step."""
        return self.path / "pictures" / f"{_STEP.format(step)}.png"

    def picture_files(self, step: int) -> Path:
        """The folder of SR of each validation picture of a step, where a recipe wants files."""
        return self.path / "pictures" / _STEP.format(step)

    def checkpoint(self, step: int) -> Path:
        """The checkpoint of a step."""
        return self.path / "checkpoints" / _STEP.format(step)

    def checkpoints(self) -> list[Path]:
        """Every checkpoint that was written to its end, oldest first."""
        return sorted(self.path.glob("checkpoints/step-*"))

    @property
    def holds_run(self) -> bool:
        """Whether a run was started here; one that has lost its recipe is one still."""
        return self.recipe.exists() or bool(self.checkpoints())

    @property
    def has_trained(self) -> bool:
        """Whether there is anything that only a run writes, beside its recipe."""
        left = (self.metrics, self.summary, self.path / "checkpoints", self.path / "weights")
        return any(path.exists() for path in left)

    def resumes(self) -> str:
        """Return the command that goes on with the run."""
        return f"srkit train --resume --out {shlex.quote(str(self.path))}"

    def begins_anew(self) -> str:
        """Return the command that begins another run of its recipe, from its weights where they
        are there.
        """
        last, path = self.weights("last"), shlex.quote(str(self.path))
        init = f" --init {shlex.quote(str(last))}" if last.is_file() else ""
        return f"srkit train {path}{init} begins a new run" + (" from its weights" if init else "")


@dataclass(frozen=True)
class BestScore:
    """The best validation of a metric in a stage, after step `step` of the run, and its weights."""

    metric: str
    stage: str
    step: int
    value: float
    weights: Path


@dataclass(frozen=True, init=False)
class RunResult:
    """What a run left in its folder; any run folder can be opened as one."""

    folder: Path

    def __init__(self, folder: str | Path) -> None:
        object.__setattr__(self, "folder", at_home(Path(folder)))

    @property
    def weights(self) -> Path:
        """The generator as it stands (its moving average where one is kept)."""
        return RunFolder(self.folder).weights("last")

    def history(self, split: Literal["train", "val"] | None = None) -> list[HistoryRow]:
        """Return the rows of metrics.csv in their order, of one split or of both.

        Raises DataError when no run was started in the folder, or its rows are missing, damaged or
        fewer than its summary says.
        """
        folder = self._run_folder()
        hint = f"copy it back; {folder.resumes()} mends the end of a run that was killed"
        rows = [_row(row) for row in read_rows(folder.metrics, hint)]
        if folder.summary.is_file():
            steps, last = self._summary()["steps"], rows[-1]["step"] if rows else 0
            if isinstance(last, int) and last < steps:
                fact = f"{folder.metrics} ends at step {last}, of {steps}"
                raise DataError(fact, hint="copy it back", path=folder.metrics)
        return [row for row in rows if split in (None, row["split"])]

    def best(self, metric: str = "psnr", stage: str | None = None) -> BestScore:
        """Return the best validation of a metric (or of `loss`) in a stage, by default the last
        one.

        Raises DataError when there is no run, when it has no such stage or figure, or has not come
        to its end.
        """
        stages = self._summary()["stages"]
        name = list(stages)[-1] if stage is None else stage
        column = "loss/total" if metric == "loss" else metric
        if name not in stages or column not in stages[name]["best"]:
            known = ", ".join(f"{one}: {' '.join(found['best'])}" for one, found in stages.items())
            fact = f"{self.folder} has no best {metric} of a stage '{name}'"
            raise DataError(fact, hint=f"it has {known}", path=self.folder)
        return _best_score(RunFolder(self.folder), name, column, stages[name]["best"][column])

    def _run_folder(self) -> RunFolder:
        folder = RunFolder(self.folder)
        if not folder.holds_run:
            hint = "name a folder that srkit train wrote"
            raise DataError(f"there is no run in {self.folder}", hint=hint, path=self.folder)
        return folder

    def _summary(self) -> dict[str, Any]:
        folder = self._run_folder()
        if not folder.summary.exists():
            fact = f"the run in {self.folder} is not finished"
            raise DataError(fact, hint=folder.resumes(), path=folder.summary)
        return read_summary(folder.summary, f"{folder.resumes()} writes it again")


def best_scores(folder: RunFolder, stages: Mapping[str, Any]) -> tuple[BestScore, ...]:
    """Return the best validations of the last stage that has any, of the stages of summary.json or
    of a checkpoint.
    """
    named = ((name, found.get("best") or {}) for name, found in reversed(list(stages.items())))
    stage, best = next(((name, best) for name, best in named if best), ("", {}))
    known = {column: found for column, found in best.items() if found["value"] is not None}
    return tuple(_best_score(folder, stage, column, found) for column, found in known.items())


def _best_score(folder: RunFolder, stage: str, column: str, found: Mapping[str, Any]) -> BestScore:
    metric = "loss" if column == "loss/total" else column
    weights = folder.weights(f"best-{metric}", stage)
    return BestScore(metric, stage, found["step"], found["value"], weights)


def run_folders_below(folder: Path) -> Iterator[Path]:
    """Yield every folder that holds a run, `folder` itself first; what is inside a run, hidden
    folders and links are not looked into.

    Raises DataError when `folder` cannot be read.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda one: one.name)
    except OSError as error:
        hint = "name a folder that runs are in, such as runs"
        fact = f"cannot read {folder}: {error.strerror or error}"
        raise DataError(fact, hint=hint, path=folder) from None
    if sum(one.name in _SIGNS for one in entries) > 1:
        yield folder
        return
    for one in entries:
        if one.is_dir(follow_symlinks=False) and not one.name.startswith("."):
            with suppress(DataError):  # a folder of somebody else's
                yield from run_folders_below(folder / one.name)


def looks_like_run(folder: Path) -> bool:
    """Whether srkit trained in a folder: two signs of a run, so that one file more or less that a
    person put there or lost does not matter.
    """
    return sum((folder / sign).exists() for sign in _SIGNS) > 1


def is_written_by_run(inside: Path) -> bool:
    """Whether a path inside a run folder is or lies in what the run wrote."""
    first = inside.parts[0] if inside.parts else ""
    return first in _PARTS or first.startswith(_LATER)


def read_environment(folder: Path) -> dict[str, Any] | None:
    """Return environment.json of the folder of a recipe; None where no run was ever started: the
    file is not there, or another program's.

    Raises DataError when the file of a run is missing or damaged.
    """
    run = RunFolder(folder)
    foreign = is_foreign_environment(run.environment) or not run.environment.exists()
    return None if foreign and not run.has_trained else checked_environment(run.environment)


def _row(row: Mapping[str, str]) -> dict[str, float | str | None]:
    return {name: _value(name, text) for name, text in row.items()}


def _value(name: str, text: str) -> float | str | None:
    if name in _WORDS:
        return text
    if not text:
        return None
    return int(text) if name in _COUNTS else float(text)


def choose_run_folder(out: str | Path | None, name: str, *, resume: bool) -> RunFolder:
    """Return the folder of a run: `out`, or the next free `runs/<name>-<n>`, which is made.

    Raises RecipeError when `out` already holds a run that is not to be resumed, is a file, or has a
    name that is not UTF-8.
    """
    if out is None:
        return RunFolder(_claimed(name))
    folder = RunFolder(Path(out))
    if any("\ud800" <= letter <= "\udfff" for letter in str(folder.path.absolute())):
        fact = f"{out} lies under a name that is not UTF-8, from which no weights can be read"
        raise RecipeError(fact, hint="--out another folder")
    if folder.path.exists() and not folder.path.is_dir():
        raise RecipeError(f"{out} is a file, a run needs a folder", hint="--out another folder")
    if folder.holds_run and not resume:
        going_on = f"{folder.resumes()} goes on with this one"
        raise RecipeError(f"{out} already holds a run", hint=f"--out another folder; {going_on}")
    return folder


def _claimed(name: str) -> Path:
    """Make the next free folder; of several runs that begin at once each gets one of its own."""
    try:
        Path("runs").mkdir(exist_ok=True)
        for number in count(1):
            path = Path("runs", f"{name}-{number}")
            with suppress(FileExistsError):
                path.mkdir()
                return path
    except OSError as error:
        why = error.strerror or error
        raise RecipeError(
            f"cannot make a folder in runs: {why}", hint="--out another folder"
        ) from None
    raise AssertionError("numbers have no end")
