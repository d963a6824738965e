"""Who is told what a run does, so that the run learns the same whatever they do?"""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from srkit_core.binding import BoundExtension
from srkit_core.callbacks import (
    Callback,
    CallbackList,
    RunEnd,
    RunEndEvent,
    RunStartEvent,
    StepEvent,
)
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.machine.stop_request import StopNow
from srkit_core.errors import DivergedError, InterruptedRunError, OutOfMemoryError, PluginError
from srkit_core.models.build import build_extension
from srkit_core.torch_messages import OUT_OF_MEMORY, says_any

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun


class GuardedCallbacks(CallbackList):
    """Tells callbacks, and puts back the global state that a step depends on: gradient mode,
    default type, threads, random numbers, and the working folder.
    """

    def __init__(self, callbacks: Sequence[Callback] = ()) -> None:
        super().__init__(callbacks)
        self._run_step: int | None = None
        self._thread = threading.get_ident()

    def begin(self, run_step: int) -> None:
        """Count from here: a run has begun."""
        self._run_step = run_step

    def on_step(self, event: StepEvent) -> None:
        """Pass on a step, and remember its number."""
        self._run_step = event.run_step
        super().on_step(event)

    @contextmanager
    def told_end(self, folder: Path) -> Iterator[None]:
        """Tell how a run ends that begins within, whatever ends it."""
        try:
            yield
        except BaseException as error:
            self._tell_end(folder, end_reason(error), str(error) or type(error).__name__)
            raise
        self._tell_end(folder, "finished", "")

    def _tell_end(self, folder: Path, reason: RunEnd, error: str) -> None:
        if self._run_step is not None:
            self.on_run_end(RunEndEvent(folder, self._run_step, reason, error))

    def _call(self, method: str, *arguments: object) -> None:
        if threading.get_ident() == self._thread:
            with _as_it_was():
                super()._call(method, *arguments)
        else:  # an answer to a signal, while a step goes on: what it draws is not touched
            super()._call(method, *arguments)


def open_callbacks(
    given: Sequence[Callback], wanted: Sequence[BoundExtension], processes: Processes
) -> GuardedCallbacks:
    """Return who is told by the main process: callbacks that are given, and those of plugins that
    are wanted, which it builds.

    Raises PluginError when one cannot be built, or is none.
    """
    heard = GuardedCallbacks(given if processes.is_main else ())
    for name, callback in processes.each(lambda: _built(wanted) if processes.is_main else []):
        heard.add(callback, name)
    return heard


def tell_run_start(run: "StageRun") -> None:
    """Tell callbacks that a run begins or goes on."""
    context, step = run.context, run.progress.position.total
    context.callbacks.begin(step)
    event = RunStartEvent(
        folder=context.folder.path,
        recipe=context.recipe,
        device=str(context.device),
        precision=str(context.processes.precision),
        run_step=step,
        run_length=sum(one.length for one in context.intervals),
    )
    context.callbacks.on_run_start(event)


def _built(wanted: Sequence[BoundExtension]) -> list[tuple[str, Callback]]:
    built = [(one.installed.full_name, build_extension(one)) for one in wanted]
    for name, callback in built:
        if not isinstance(callback, Callback):
            fact = f"the callback '{name}' builds {type(callback).__name__}, which is no Callback"
            raise PluginError(fact, hint="its factory returns a subclass of srkit_core.Callback")
    return built


def end_reason(error: BaseException) -> RunEnd:
    """Say how a run ends that an error ends."""
    if isinstance(error, (InterruptedRunError, KeyboardInterrupt, SystemExit, StopNow)):
        return "interrupted"
    if isinstance(error, DivergedError):
        return "diverged"
    known = isinstance(error, (OutOfMemoryError, torch.OutOfMemoryError, MemoryError))
    said = isinstance(error, RuntimeError) and says_any(error, *OUT_OF_MEMORY)
    return "out-of-memory" if known or said else "failed"


@contextmanager
def _as_it_was() -> Iterator[None]:
    folder = Path.cwd() if Path().exists() else None
    gradients, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    threads, draws = torch.get_num_threads(), torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_grad_enabled(gradients)
        torch.set_default_dtype(dtype)
        torch.set_rng_state(draws)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if folder:
            os.chdir(folder)
