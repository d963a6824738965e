"""Which processes do the work, and what happens when one crashes or hangs?

Those of this machine, or the workers of a Dask cluster. Here each worker process has a pool of its
own, because a pool that loses one process gives up all of them: so a crash or a hang costs one
process, and it is known which file it was.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import BaseContext
from pathlib import Path
from time import monotonic
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from srkit_core.data.preparation.head_start import (
    modules_of_work,
    one_thread_each,
    worker_context,
)
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.records import Unusable
from srkit_core.data.prepared_layout import WORK_FOLDER
from srkit_core.errors import DataError, RecipeError, ResourceError
from srkit_core.process_start import starting_processes

WorkItem = TypeVar("WorkItem")
WorkResult = TypeVar("WorkResult")

_MOST_SECONDS = 300.0
_FEWER = "--workers 1"
_EXTRA = "pip install distributed"


class PrepareExecutor(Protocol):
    """Processes of this machine, or a cluster."""

    def needs(self, samples: Mapping[Path, Path]) -> None:
        """Hear of a file in each folder of pictures, which every process must see."""

    def run(
        self, work: Callable[[WorkItem], WorkResult], items: Iterable[WorkItem]
    ) -> Iterator[tuple[WorkItem, WorkResult | Unusable]]:
        """Yield each item with its result, in any order."""


@contextmanager
def open_executor(
    options: PrepareOptions,
    out: Path,
    *,
    workers: int | None = None,
    time_limit: float | None = None,
    cluster: str | None = None,
) -> Iterator[PrepareExecutor]:
    """Have so many `workers`, one a core when left out, with a limit of seconds for one picture
    (300), or the workers of the Dask scheduler at `cluster`.

    Raises RecipeError for a time limit on
    a cluster, DataError when the library for the cluster is missing, or it does not answer.
    """
    if cluster and time_limit:
        raise RecipeError(
            "--time-limit is for processes of this machine: a scheduler cannot end what a worker "
            "does",
            hint="leave it out",
        )
    if cluster:
        with dask_executor(cluster, out, out / WORK_FOLDER) as there:
            yield there
        return
    count, modules = workers or os.cpu_count() or 1, modules_of_work(options)
    with ProcessExecutor(count, time_limit or _MOST_SECONDS, modules) as here:
        yield here


def dask_executor(address: str, out: Path, probes: Path | None = None) -> Any:
    """Return the executor for the scheduler at `address`, whose workers must see `out`: they are
    shown a file in `probes` (default: `out` itself).

    Raises DataError when the library for it is missing, or nothing answers.
    """
    try:
        from srkit_core.data.preparation.dask_executor import DaskExecutor
    except ModuleNotFoundError as error:
        raise DataError(
            f"--cluster {address} needs a library that is not installed", hint=_EXTRA
        ) from error
    return DaskExecutor(address, out, probes)


class ProcessExecutor:
    """So many worker processes; a context manager, at whose end they are gone.

    They start with the first work.

    `preload` are modules that every worker needs; where processes are forked from a clean one, they
    are imported once. `limit` is the most seconds for one item; it does not count the start of a
    worker, with these imports.
    """

    def __init__(self, count: int, limit: float, preload: Sequence[str] = ()) -> None:
        context = worker_context(preload)
        self._limit = limit
        self._workers = [_Worker(context, preload) for _ in range(count)]

    def __enter__(self) -> "ProcessExecutor":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()

    def needs(self, samples: Mapping[Path, Path]) -> None:
        """Processes of this machine see what it sees."""

    def run(
        self, work: Callable[[WorkItem], WorkResult], items: Iterable[WorkItem]
    ) -> Iterator[tuple[WorkItem, WorkResult | Unusable]]:
        """Yield each item with what `work` returned, in the order in which they are done.

        No more are taken than are worked on.

        An item whose process crashed, or that took too long, is unusable. What `work` raises is
        raised.
        """
        waiting, busy = iter(items), dict[Future[WorkResult], _Task[WorkItem]]()
        for worker in self._workers:
            worker.start()
        for worker, item in zip(self._workers, waiting, strict=False):
            busy.update([self._submitted(worker, work, item)])
        while busy:
            for future in self._ended(busy):
                worker, item, _ = busy.pop(future)
                result = self._result(future, worker)
                for following in islice(waiting, 1):
                    busy.update([self._submitted(worker, work, following)])
                yield item, result

    def _submitted(
        self, worker: "_Worker", work: Callable[[WorkItem], WorkResult], item: WorkItem
    ) -> "tuple[Future[WorkResult], _Task[WorkItem]]":
        """Hand over an item; its time begins when the process is there."""
        future = worker.submit(work, item)
        return future, _Task(worker, item, monotonic() + self._limit)

    def _ended(self, busy: "dict[Future[WorkResult], _Task[WorkItem]]") -> list[Future[WorkResult]]:
        """Wait until something is done or the next time limit is over."""
        earliest = min(task.deadline for task in busy.values())
        wait(busy, timeout=max(earliest - monotonic(), 0), return_when=FIRST_COMPLETED)
        now = monotonic()
        return [future for future, task in busy.items() if future.done() or task.deadline <= now]

    def _result(self, future: Future[WorkResult], worker: "_Worker") -> WorkResult | Unusable:
        if not future.done():
            worker.stop()
            worker.start()
            return Unusable(f"it took more than {self._limit:g} seconds", lasting=False)
        try:
            return future.result()
        except BrokenProcessPool:
            worker.stop()
            worker.start()
            return Unusable("it crashed the process that worked on it", lasting=False)


class _Worker:
    """One process, which can be replaced by another."""

    def __init__(self, context: BaseContext, preload: Sequence[str]) -> None:
        self._context, self._preload = context, tuple(preload)
        self._pool: ProcessPoolExecutor | None = None
        self._pid: Future[int] | None = None

    def start(self) -> None:
        if self._pool is None:
            with starting_processes(_FEWER), one_thread_each():
                self._pool = ProcessPoolExecutor(
                    1, mp_context=self._context, initializer=_begin, initargs=(self._preload,)
                )
                self._pid = self._pool.submit(os.getpid)

    def submit(self, work: Callable[[WorkItem], WorkResult], item: WorkItem) -> Future[WorkResult]:
        """Hand over work, when the process is there."""
        if self._pool is None or self._pid is None:
            raise RuntimeError("the worker has not started")
        try:
            self._pid.result()
        except BrokenProcessPool:
            raise ResourceError(
                "no process can be started for the work",
                hint=f"{_FEWER}, free memory, or ulimit -n 4096: it may be files or memory",
            ) from None
        return self._pool.submit(work, item)

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        if self._pool is None or self._pid is None:
            return
        if self._pid.done() and not self._pid.exception():
            _end(self._pid.result())
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._pid = None


class _Task(NamedTuple, Generic[WorkItem]):
    worker: _Worker
    item: WorkItem
    deadline: float


def _begin(preload: Sequence[str]) -> None:
    """Leave signals to the parent, end when the parent does, and import what is needed."""
    for name in ("SIGINT",) if sys.platform == "win32" else ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    parent: Any = multiprocessing.parent_process()
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"  # for libraries that are loaded from now on
    for module in preload:
        import_module(module)


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    _end(os.getpid())


def _end(pid: int) -> None:
    """End a process at once; it may be gone already."""
    try:
        os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    except ProcessLookupError:
        return
