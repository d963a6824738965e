"""How are several runs of a sweep trained at once, here or on a cluster?

Each has a process of its own, which ends when nobody waits for it any more, saving first. Terminals
send their signals to the command alone; it asks for a stop by a file, which workers of a cluster
see as well.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any, Final, NamedTuple, Protocol

from srkit_core.data.preparation.records import Unusable
from srkit_core.engine.machine.stop_request import StopRequest, catch_stop_signals
from srkit_core.locks import is_locked
from srkit_core.run_folder import RunFolder

_CHILD: Final = "srkit_core.cli.train_child"
_LOOK: Final = 0.25
"""Seconds between two looks at whether a run has ended, or shall stop."""
_PATIENCE: Final = 120.0
"""Seconds that a run whose worker was lost has to save and leave its folder."""
_NOW: Final = "now"
_ALONE: Final = Lock()
"""Threads of a worker of a cluster take turns: one run uses all of it."""
_STOPPED: Final = 143
_KILLED: Final = 137


@dataclass(frozen=True)
class SweepTask:
    """A run to be trained by a process: its recipe, its folder, the flags of *where*, and the file
    by which it is asked to stop; `variables` are set for it.
    """

    name: str
    recipe: Path
    out: Path
    flags: tuple[str, ...]
    stop: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The command line of `srkit` that trains it, or goes on with it."""
        into = ["--out", str(self.out)]
        if RunFolder(self.out).holds_run:
            return ["train", *into, "--resume", *self.flags]
        return ["train", str(self.recipe), *into, *self.flags]


class TaskEnd(NamedTuple):
    """How a run ended: the exit code of its process, and the error that it told."""

    code: int
    error: str = ""


class RunsExecutor(Protocol):
    """Threads of this process, or a cluster."""

    def run(
        self, work: Callable[[SweepTask], TaskEnd], items: Iterable[SweepTask]
    ) -> Iterator[tuple[SweepTask, TaskEnd | Unusable]]:
        """Yield each item with its result, in any order."""


class LocalRuns:
    """So many processes of this machine at once, which share its cores, and its GPUs in turn."""

    def __init__(self, processes: int, gpus: Sequence[str] = ()) -> None:
        self._processes = processes
        self._slots = SimpleQueue[dict[str, str]]()
        threads = str(max((os.cpu_count() or 1) // processes, 1))
        for number in range(processes):
            alone = {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {}
            self._slots.put(alone | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", threads)})

    def run(
        self, work: Callable[[SweepTask], TaskEnd], items: Iterable[SweepTask]
    ) -> Iterator[tuple[SweepTask, TaskEnd | Unusable]]:
        """Yield each task with how it ended, in that order; no more are taken than run."""
        waiting, busy = iter(items), dict[Future[TaskEnd], SweepTask]()
        pool = ThreadPoolExecutor(self._processes)
        try:
            busy.update(self._begun(pool, work, islice(waiting, self._processes)))
            while busy:
                for future in wait(busy, return_when=FIRST_COMPLETED).done:
                    task = busy.pop(future)
                    busy.update(self._begun(pool, work, islice(waiting, 1)))
                    yield task, future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _begun(
        self,
        pool: ThreadPoolExecutor,
        work: Callable[[SweepTask], TaskEnd],
        tasks: Iterable[SweepTask],
    ) -> list[tuple[Future[TaskEnd], SweepTask]]:
        return [(pool.submit(self._in_slot, work, task), task) for task in tasks]

    def _in_slot(self, work: Callable[[SweepTask], TaskEnd], task: SweepTask) -> TaskEnd:
        slot = self._slots.get()
        try:
            return work(replace(task, variables=slot))
        finally:
            self._slots.put(slot)


def visible_gpus() -> tuple[str, ...]:
    """Return the numbers of the CUDA devices that this process sees, where there are several."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        import torch

        found = [str(number) for number in range(torch.cuda.device_count())]
    else:
        found = [one.strip() for one in named.split(",") if one.strip()]
    return tuple(found) if len(found) > 1 else ()


def train_many(
    tasks: Sequence[SweepTask],
    executor: RunsExecutor,
    work: Callable[[SweepTask], TaskEnd],
    ended: Callable[[SweepTask, TaskEnd], None],
    tell: Callable[[str], None],
) -> int:
    """Train all tasks and return the signal that asked for a stop, 0 where nobody did.

    After one no further task begins, and those that run save and end; after a second one they are
    ended at once.
    """
    stop_file = tasks[0].stop
    stop_file.unlink(missing_ok=True)

    def asked(text: str) -> None:
        stop_file.touch()
        tell(text)

    try:
        with catch_stop_signals(asked) as stop:
            stop.doing = "no further run begins, those that run save and stop"
            for task, result in executor.run(work, _until_stop(tasks, stop)):
                end = TaskEnd(_KILLED, result.reason) if isinstance(result, Unusable) else result
                ended(task, end)
    except (KeyboardInterrupt, SystemExit):
        stop_file.write_text(_NOW)
        raise
    finally:
        if not (stop_file.exists() and stop_file.read_text()):
            stop_file.unlink(missing_ok=True)
    return stop.signal


def train_task(task: SweepTask) -> TaskEnd:
    """Train a run in a process of its own, which writes what it says into `train.log`."""
    if task.stop.exists():
        return TaskEnd(_STOPPED)
    _wait_until_free(RunFolder(task.out))
    task.out.mkdir(parents=True, exist_ok=True)
    path = task.out / "train.log"
    with path.open("ab") as log:
        begin = log.tell()
        code = _ended(task, log)
    said = path.read_bytes()[begin:].decode(errors="replace").splitlines()
    errors = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    last = errors[-1] if errors else f"its process ended with {code}; see {path}"
    return TaskEnd(code, last if code else "")


def train_task_alone(task: SweepTask) -> TaskEnd:
    """Train a run on a worker of a cluster, which has no other at the same time."""
    with _ALONE:
        return train_task(task)


def _until_stop(tasks: Iterable[SweepTask], stop: StopRequest) -> Iterator[SweepTask]:
    for task in tasks:
        if stop.signal:
            return
        yield task


def _wait_until_free(folder: RunFolder) -> None:
    """Wait for a process that lost its worker to save, and to leave the folder."""
    until = time.monotonic() + _PATIENCE
    while is_locked(folder.lock) and time.monotonic() < until:
        time.sleep(_LOOK)


def _ended(task: SweepTask, log: Any) -> int:
    """Return the exit code of the process that trains a run, 128 and the signal of one that was
    killed.
    """
    asked = False
    with _process(task, log) as child:
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = child.wait(timeout=_LOOK)
                return code if code >= 0 else 128 - code
            if not asked and task.stop.exists():
                child.terminate()
                asked = True
            if asked and task.stop.exists() and task.stop.read_text() == _NOW:
                child.kill()


def _process(task: SweepTask, log: Any) -> "AbstractContextManager[subprocess.Popen[bytes]]":
    return subprocess.Popen(
        [sys.executable, "-m", _CHILD, *task.words],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, **task.variables},
        start_new_session=True,
    )
