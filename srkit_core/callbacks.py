"""Who is told what a run is doing, and how?

A subclass of `Callback` overrides what it wants to hear of. Importing this module does not import
torch.
"""

import logging
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from srkit_core.recipe import Recipe

RunEnd: TypeAlias = Literal["finished", "interrupted", "diverged", "out-of-memory", "failed"]
"""How a run can end."""

_log = logging.getLogger("srkit_core")
_SIGNALS: Final = 128
"""Beyond it an exit code says which signal asked for the end."""


@dataclass(frozen=True)
class RunStartEvent:
    """A run begins, or goes on after `run_step` steps, in `folder`, which holds its recipe and its
    environment by now; `recipe` is the resolved recipe, `run_length` how many steps it will have
    unless a stage ends early.
    """

    folder: Path
    recipe: "Recipe"
    device: str
    precision: str
    run_step: int
    run_length: int


@dataclass(frozen=True)
class RunEndEvent:
    """A run that had begun is over after `run_step` steps, and why; of one that was not finished
    `error` says in words what ended it, and its last checkpoint is where it goes on from.

    `srkit_core.RunResult(folder)` reads what it left.
    """

    folder: Path
    run_step: int
    reason: RunEnd
    error: str = ""


@dataclass(frozen=True)
class StepEvent:
    """A step is done: number `step` of `length` in its stage, `run_step` of the run, from 1.

    `values` are those of the row that was logged, by column; empty between logged rows.
    """

    stage: str
    step: int
    length: int
    run_step: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class ValidationEvent:
    """A validation after `run_step`: the stage's losses on held-out patches, and the metrics on
    whole pictures with their standard deviations (`psnr`, `psnr/std`), by column.

    `bicubic` are the scores of bicubic interpolation on the same pictures; `left_out` names, by
    metric, the pictures that it cannot judge, which are not in its mean.
    """

    stage: str
    run_step: int
    losses: Mapping[str, float]
    scores: Mapping[str, float]
    bicubic: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class PictureScoredEvent:
    """A validation after `run_step` has scored a picture of a validation set ("" of one without a
    name), and is at `done` of `length` pictures, over all sets and processes.

    With `bicubic`, it is what bicubic interpolation makes of it, which is scored once.
    """

    stage: str
    run_step: int
    validation_set: str
    picture: str
    done: int
    length: int
    bicubic: bool = False


@dataclass(frozen=True)
class CheckpointEvent:
    """A checkpoint was written into `folder`, complete."""

    stage: str
    run_step: int
    folder: Path


@dataclass(frozen=True)
class StageEndEvent:
    """A stage is over, `early` if its patience ran out; `best` are its best figures by metric."""

    stage: str
    run_step: int
    best: Mapping[str, float]
    early: bool


class Callback:
    """Hears of a run; every method does nothing until a subclass overrides it.

    Only the main process of a run calls it, between steps: a run waits for it. What it raises is
    told, and it is not called again; the run goes on, and learns what it would learn without it.
    """

    def on_note(self, text: str) -> None:
        """Something worth knowing once, in words."""

    def on_run_start(self, event: RunStartEvent) -> None:
        """A run begins or goes on: everything that could be refused was not."""

    def on_step(self, event: StepEvent) -> None:
        """A step is done."""

    def on_validation(self, event: ValidationEvent) -> None:
        """Held-out pictures were scored."""

    def on_picture_scored(self, event: PictureScoredEvent) -> None:
        """A validation that goes on has scored a picture."""

    def on_checkpoint(self, event: CheckpointEvent) -> None:
        """A checkpoint was written: its files are whole. Later steps do not wait for that, so that
        this may come after some of them; it comes before the next checkpoint, and before the end.
        """

    def on_stage_end(self, event: StageEndEvent) -> None:
        """A stage is over."""

    def on_run_end(self, event: RunEndEvent) -> None:
        """A run is over, however it ended."""

    def on_download(self, name: str, done: int, total: int) -> None:
        """Bytes of a pretrained network have arrived; `total` is 0 where nobody knows."""


class CallbackList(Callback):
    """Tells several callbacks, each with a copy of the event; one that raises is named to the
    others, and left out from there.

    What ends a program passes: Ctrl-C, and an exit that a signal asked for.
    """

    def __init__(self, callbacks: Sequence[Callback] = ()) -> None:
        self._callbacks = [(type(one).__name__, one) for one in callbacks]

    def add(self, callback: Callback, name: str) -> None:
        """Tell one more from here on, which is called by a name where it fails."""
        self._callbacks.append((name, callback))

    def on_note(self, text: str) -> None:
        """Pass on a note."""
        self._call("on_note", text)

    def on_run_start(self, event: RunStartEvent) -> None:
        """Pass on the beginning of a run."""
        self._call("on_run_start", event)

    def on_step(self, event: StepEvent) -> None:
        """Pass on a step."""
        self._call("on_step", event)

    def on_validation(self, event: ValidationEvent) -> None:
        """Pass on a validation."""
        self._call("on_validation", event)

    def on_picture_scored(self, event: PictureScoredEvent) -> None:
        """Pass on a picture that was scored."""
        self._call("on_picture_scored", event)

    def on_checkpoint(self, event: CheckpointEvent) -> None:
        """Pass on a checkpoint."""
        self._call("on_checkpoint", event)

    def on_stage_end(self, event: StageEndEvent) -> None:
        """Pass on the end of a stage."""
        self._call("on_stage_end", event)

    def on_run_end(self, event: RunEndEvent) -> None:
        """Pass on the end of a run."""
        self._call("on_run_end", event)

    def on_download(self, name: str, done: int, total: int) -> None:
        """Pass on a download."""
        self._call("on_download", name, done, total)

    def _call(self, method: str, *arguments: object) -> None:
        for name, callback in list(self._callbacks):
            try:
                getattr(callback, method)(*deepcopy(arguments))
            except SystemExit as ended:
                if isinstance(ended.code, int) and ended.code > _SIGNALS:
                    raise
                self._leave_out(name, callback, method, ended)
            except Exception as error:
                self._leave_out(name, callback, method, error)

    def _leave_out(
        self, name: str, callback: Callback, method: str, error: Exception | SystemExit
    ) -> None:
        self._callbacks = [one for one in self._callbacks if one[1] is not callback]
        fault = f"{name}.{method} raised {type(error).__name__}: {error}"
        text = f"warning: the callback {fault}; it is not called again, and the run goes on"
        if self._callbacks:
            self.on_note(text)
        else:
            _log.warning(text, exc_info=error)
