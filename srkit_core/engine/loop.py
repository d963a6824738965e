"""When does what happen in a run?"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

from srkit_core.callbacks import StageEndEvent
from srkit_core.data.dataset import Batch
from srkit_core.data.loader import lost_worker_guard
from srkit_core.engine.checkpoints.background_writer import FAILED
from srkit_core.engine.checkpoints.checkpoint import Progress
from srkit_core.engine.checkpoints.checkpoint_policy import keep_checkpoint
from srkit_core.engine.checkpoints.settle import refresh_summary, settle
from srkit_core.engine.finite_check import smaller_rate_hint
from srkit_core.engine.logs.logger import tell_step
from srkit_core.engine.machine.stop_request import StopNow, StopRequest
from srkit_core.engine.next_stage import open_next_stage
from srkit_core.engine.stage_run import StageRun
from srkit_core.errors import DivergedError, InterruptedRunError, NotFiniteError
from srkit_core.oom import oom_guard


def run_stages(run: StageRun, stop: StopRequest) -> Progress:
    """Train the rest of a stage, and every stage after it."""
    for number in range(run.number, len(run.context.plan.stages)):
        if number > run.number:
            run.context.curves.draw()
            run = open_next_stage(run)
        try:
            with oom_guard(run.oom_hint), lost_worker_guard(run.lost_worker_hint):
                train_stage(run, stop)
        except (KeyboardInterrupt, SystemExit):  # a second request, in the middle of anything
            settle(run)
            raise
        finally:
            run.context.writer.wait()
        _tell_stage_end(run)
    return run.progress


def train_stage(run: StageRun, stop: StopRequest) -> None:
    """Train the rest of a stage, until its end or until it has no more patience.

    A validation that is owed since the run stopped comes first. A request to stop is heard after a
    step, and at once while the run waits for a batch or is validated.
    """
    try:
        if run.progress.owed:
            run.progress = replace(run.progress, owed=False)
            _after_step(run, stop)
        _steps(run, stop)
        run.finish_writing()
    except StopNow:
        _stop(run, stop.signal)


def _steps(run: StageRun, stop: StopRequest) -> None:
    for batch in _awaited(run, stop):
        examples = run.step(batch)
        logs = run.intervals.logs(run.progress.position.step)
        with _divergence(run):
            figures = run.log(examples) if logs else {}
        tell_step(run, figures)
        _after_step(run, stop)
        if run.progress.ended:
            break
        run.throughput.start()


def _awaited(run: StageRun, stop: StopRequest) -> Iterator[Batch]:
    """Yield the batches that are left; a request to stop ends the wait for one."""
    batches = run.batches()
    while True:
        done = run.progress.position.total
        with stop.at_once(f"saving what step {done} left"):
            batch = next(batches, None)
        if batch is None:
            return
        stop.doing = f"finishing step {done + 1}, then saving"
        yield batch


def _after_step(run: StageRun, stop: StopRequest) -> None:
    intervals, step = run.intervals, run.progress.position.step
    stop_signal = _asked(run, stop)
    if intervals.due(intervals.validate, step):
        if stop_signal:
            run.progress = replace(run.progress, owed=True)
            _stop(run, stop_signal)
        _validate(run, stop)
        stop_signal = _asked(run, stop)
    if run.progress.ended and run.means:  # the last step of a stage is always logged
        run.log()
    if step in intervals.kept_weights:
        run.save_milestone()
    if stop_signal:
        _stop(run, stop_signal)
    if run.progress.ended or intervals.saves(step):
        run.save()
    if run.progress.ended:
        _note_patience(run)


def _asked(run: StageRun, stop: StopRequest) -> int:
    """Return the signal that any process was sent, 0 for none; raises in all of them what kept the
    main one from writing a checkpoint.
    """
    writer = run.context.writer
    writer.tell_written()
    said = run.context.processes.largest(FAILED if writer.failed else stop.signal)
    if said == FAILED:
        run.finish_writing()
    return said


def _stop(run: StageRun, signal: int) -> NoReturn:
    """Save, and end the run; the next life goes on from here."""
    run.save()
    run.finish_writing()
    if run.progress.ended:
        _note_patience(run)
    run.context.processes.agree(lambda: refresh_summary(run))
    raise _interrupted(run, signal)


def _validate(run: StageRun, stop: StopRequest) -> None:
    """Validate; when that fails, save first what was trained, as it was before. A validation that a
    request to stop ends is owed to the next life.
    """
    context, before = run.context, run.progress
    run.share_state()  # what is saved when it fails stands for every process
    rows = context.processes.agree(context.log.flush)
    try:
        with _divergence(run), stop.at_once("leaving the validation for later, then saving"):
            run.validate()
    except StopNow:
        context.log.cut(rows)
        run.progress = replace(before, owed=True)
        raise
    except DivergedError:  # what is not finite is not saved
        if context.processes.is_main:
            context.log.cut(rows)
        raise
    except Exception:
        if context.processes.is_main:
            context.log.cut(rows)
            run.progress = replace(before, owed=True)
            keep_checkpoint(run)  # not run.save, which waits for processes that failed alike
            context.writer.finish()
        raise


@contextmanager
def _divergence(run: StageRun) -> Iterator[None]:
    """Say of SR that is not finite after which step that was found."""
    step = run.progress.position.total
    try:
        yield
    except NotFiniteError as error:
        if not error.by_model:
            raise
        fact = f"{error.message}, when it was scored after step {step}"
        hint = smaller_rate_hint(run.plan.stage)
        raise DivergedError(fact, step=step, term="sr", hint=hint) from error


def _note_patience(run: StageRun) -> None:
    stage, step = run.plan.stage, run.progress.position.total
    waited = f"{stage.patience} validations without a better {stage.patience_on}"
    ends = f"stage '{stage.name}' ends after step {step}"
    run.context.callbacks.on_note(f"{ends}: {waited}")


def _tell_stage_end(run: StageRun) -> None:
    progress, name = run.progress, run.plan.stage.name
    event = StageEndEvent(name, progress.position.total, progress.best, progress.ended)
    run.context.callbacks.on_stage_end(event)


def _interrupted(run: StageRun, signal: int) -> InterruptedRunError:
    folder, step = run.context.folder.path, run.progress.position.total
    return InterruptedRunError(
        f"stopped after step {step}; everything is saved in {folder}",
        signal=signal,
        hint=f"srkit train --resume --out {shlex.quote(str(folder))}",
    )
