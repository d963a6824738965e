"""What can be told of a run from its folder, whatever of it is missing or damaged?"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from srkit_core.engine.logs.curves.drawn_rows import DrawnRows, drawn_rows
from srkit_core.errors import SrkitError
from srkit_core.recipe import Recipe
from srkit_core.recipe_files import read_run_recipe
from srkit_core.run_documents import LoggedRow, checked_environment, read_summary
from srkit_core.run_folder import RunFolder, looks_like_run
from srkit_core.run_state import RunState, newest_progress, run_state

_SHEET: Final = re.compile(r"step-(\d+)\.png")
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class RunStory:
    """A run as its files tell it.

    `faults` says of each file that is missing or damaged what is wrong; what it would have said is
    None or empty. `sheets` are the pictures of validations by step.
    """

    label: str
    folder: RunFolder
    recipe: Recipe | None
    recipe_text: str
    environment: Mapping[str, Any]
    summary: Mapping[str, Any]
    progress: Mapping[str, Any]
    state: RunState
    drawn: DrawnRows
    sheets: Mapping[int, Path]
    faults: Sequence[str]

    @property
    def rows(self) -> Sequence[LoggedRow]:
        """The rows of metrics.csv, thinned where there are very many."""
        return self.drawn.rows

    @property
    def stages(self) -> Mapping[str, Any]:
        """What the summary, or before the end the newest checkpoint, says of each stage."""
        found: Mapping[str, Any] = self._told.get("stages") or {}
        return found

    @property
    def bicubic(self) -> Mapping[str, float]:
        """What bicubic interpolation scores, by column."""
        found = self._told.get("bicubic") or said(self._told, "baseline", "figures") or {}
        return {name: value for name, value in found.items() if isinstance(value, (int, float))}

    @property
    def protocol(self) -> str:
        """In words, on how many pictures and how the generator was scored."""
        if self.recipe is None:
            return "protocol unknown, as the recipe is lost"
        recipe, validation = self.recipe, self.recipe.validation
        channel = "luma" if validation.protocol == "y" else "RGB"
        border = recipe.scale if validation.border is None else validation.border
        crop = f", centre crop of {validation.crop}" if validation.crop else ""
        count = len(self.environment.get("validation") or [])
        pictures = f"{said_pictures(count)} held out: " if count else ""
        return (
            f"{pictures}×{recipe.scale}, {channel}, border {border}{crop}, 8 bit, "
            f"LR by {recipe.degradation}"
        )

    @property
    def _told(self) -> Mapping[str, Any]:
        finished = self.state.state == "finished"
        return self.summary if finished or not self.progress else self.progress

    @property
    def gaps(self) -> Sequence[str]:
        """What a run that is not finished, or keeps no pictures, does not have."""
        asked = self.recipe is None or self.recipe.validation.pictures
        ended = self.state.why and self.state.state != "damaged"
        found = {
            f"the run ended early: {self.state.why}": ended,
            "the run has logged no steps, so there are no curves": not self.rows,
            "no validation is told of by a checkpoint yet, so there are no scores": not self.stages,
            "there are no pictures of validations": not self.sheets and asked,
        }
        return [text for text, missing in found.items() if missing]

    @property
    def validated_on(self) -> str:
        """The digest of the pictures that validations scored, empty where nobody wrote it."""
        return str(said(self.environment, "judges", "val") or "")


def is_run(path: Path) -> bool:
    """Whether a folder is one of a run, begun or lost as it may be."""
    folder = RunFolder(path)
    begun = looks_like_run(path) or folder.holds_run or folder.metrics.is_file()
    return path.is_dir() and begun


def read_run(path: Path, label: str) -> RunStory:
    """Return what a run folder tells; what cannot be read is a fault, and nothing is raised."""
    folder, faults = RunFolder(path), list[str]()
    hint = folder.resumes()
    return RunStory(
        label=label,
        folder=folder,
        recipe=_or_fault(lambda: read_run_recipe(folder), None, faults),
        recipe_text=_text(folder.recipe),
        environment=_or_fault(lambda: checked_environment(folder.environment), {}, faults),
        summary=_or_fault(lambda: read_summary(folder.summary, hint), {}, faults)
        if folder.summary.exists()
        else {},
        progress=newest_progress(folder),
        state=run_state(path),
        drawn=_rows(folder, faults),
        sheets=_sheets(folder),
        faults=faults,
    )


def said(document: Any, *keys: str | int) -> Any:
    """Return the value at a path of keys and places in a document, None where there is none."""
    for key in keys:
        if isinstance(key, str) and isinstance(document, Mapping):
            document = document.get(key)
        elif isinstance(key, int) and isinstance(document, list) and len(document) > key:
            document = document[key]
        else:
            return None
    return document


def said_pictures(count: int) -> str:
    """Say how many pictures there are."""
    return f"{count} picture" if count == 1 else f"{count:,} pictures"


def typed(command: Sequence[Any]) -> str:
    """Return a command line as a person types it, of the words that a process was started with."""
    program, *words = map(str, command) if command else ("srkit",)
    name = Path(program).name
    return shlex.join(["srkit" if name in ("__main__.py", "srkit.exe") else name, *words])


def _or_fault(read: Callable[[], _Read], otherwise: _Read, faults: list[str]) -> _Read:
    try:
        return read()
    except SrkitError as error:
        faults.append(error.message)
        return otherwise


def _rows(folder: RunFolder, faults: list[str]) -> DrawnRows:
    """Return the rows of metrics.csv, of one that was cut off those before its end."""
    try:
        return drawn_rows(folder.metrics, folder.resumes())
    except SrkitError as error:
        faults.append(error.message)
    try:
        whole = folder.metrics.read_bytes().rstrip(b"\n").rfind(b"\n") + 1
        rows = drawn_rows(folder.metrics, "", whole)
    except (OSError, SrkitError):
        return DrawnRows(())
    faults[-1] += "; its other rows are shown"
    return rows


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _sheets(folder: RunFolder) -> dict[int, Path]:
    found = sorted((folder.path / "pictures").glob("step-*.png"))
    named = [(_SHEET.fullmatch(path.name), path) for path in found]
    return {int(match[1]): path for match, path in named if match}
