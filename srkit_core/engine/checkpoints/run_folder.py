"""Where does a run put its files?"""

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from srkit_core.engine.checkpoints.checkpoint import SET_ASIDE, UNFINISHED_CHECKPOINT, put_back
from srkit_core.errors import RecipeError, WeightsError
from srkit_core.io.atomic import UNFINISHED
from srkit_core.models.weights_file import read_card
from srkit_core.run_record import ENVIRONMENT

_CHECKPOINT = "step-{:08d}"


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
        """What the run was started with."""
        return self.path / ENVIRONMENT

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

    def weights(self, name: str, stage: str = "") -> Path:
        """The generator's weights: of the run, or of one stage."""
        return self.path / "weights" / stage / f"{name}.safetensors"

    def picture(self, step: int) -> Path:
        """The validation pictures of a step."""
        return self.path / "pictures" / f"{_CHECKPOINT.format(step)}.png"

    def checkpoint(self, step: int) -> Path:
        """The checkpoint of a step."""
        return self.path / "checkpoints" / _CHECKPOINT.format(step)

    def checkpoints(self) -> list[Path]:
        """Every checkpoint that was written to its end, oldest first."""
        return sorted(self.path.glob("checkpoints/step-*"))

    def results_after(self, step: int) -> list[Path]:
        """Return the best weights, those of milestones and the validation pictures of steps after
        this one.
        """
        weights = [
            path
            for name in ("best-*", "step-*")
            for path in self.path.glob(f"weights/*/{name}.safetensors")
        ]
        newest = self.picture(step).name
        pictures = [path for path in self.path.glob("pictures/step-*.png") if path.name > newest]
        return [path for path in weights if _step_of(path) > step] + pictures

    @property
    def holds_run(self) -> bool:
        """Whether a run was started here."""
        return self.recipe.exists()

    def keep_newest(self, count: int) -> None:
        """Delete all but the newest checkpoints."""
        for old in self.checkpoints()[:-count]:
            delete_checkpoint(old)

    def tidy(self) -> None:
        """Delete what a killed process left half written; nobody else may be writing here."""
        for set_aside in self.path.glob(f"checkpoints/.step-*{SET_ASIDE}"):
            put_back(set_aside)
        for checkpoint in self.path.glob("checkpoints/.step-*"):
            shutil.rmtree(checkpoint)
        for place in ("", "weights/**/", "pictures/"):
            for file in self.path.glob(f"{place}{UNFINISHED}"):
                file.unlink()


def delete_checkpoint(path: Path) -> None:
    """Delete a checkpoint; where that is cut short, `tidy` finds the rest and nobody else does."""
    doomed = path.with_name(f".{path.name}{UNFINISHED_CHECKPOINT}")
    path.rename(doomed)
    shutil.rmtree(doomed)


def _step_of(weights: Path) -> int:
    """Return the step of a weights file, 0 of one that does not say."""
    try:
        return read_card(weights).step
    except WeightsError:
        return 0


def choose_folder(out: Path | None, name: str, *, resume: bool) -> RunFolder:
    """Return the folder of a run: `out`, or the next free `runs/<name>-<n>`.

    Raises RecipeError when `out` already holds a run that is not to be resumed, or is a file.
    """
    if out is None:
        return RunFolder(_next_free(name))
    if out.exists() and not out.is_dir():
        raise RecipeError(f"{out} is a file, a run needs a folder", hint="--out another folder")
    folder = RunFolder(out)
    if folder.holds_run and not resume:
        raise RecipeError(
            f"{out} already holds a run",
            hint=f"--out another folder; srkit train --resume --out {shlex.quote(str(out))} goes "
            "on with this one",
        )
    return folder


def _next_free(name: str) -> Path:
    number = 1
    while Path("runs", f"{name}-{number}").exists():
        number += 1
    return Path("runs", f"{name}-{number}")
