"""How is work done in other processes of this machine that may crash or hang?

Each child has an executor of its own, because an executor that loses one process gives up all of
them: so a crash or a hang costs one child, and it is known which file it was.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from itertools import islice
from multiprocessing.connection import wait as wait_for
from multiprocessing.context import BaseContext
from pathlib import Path
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

from srkit_core.data.preparation.failures import Unusable
from srkit_core.errors import ResourceError

Item = TypeVar("Item")
Result = TypeVar("Result")


class Children:
    """So many processes; a context manager, at whose end they are gone.

    They start with the first work.

    `preload` are modules that every child needs; where processes are forked from a clean one, they
    are imported once. `limit` is the most seconds for one item; it does not count the start of a
    child, with these imports.
    """

    def __init__(self, count: int, limit: float, preload: Sequence[str] = ()) -> None:
        context = _context(preload)
        self._limit = limit
        self._lanes = [_Lane(context, preload) for _ in range(count)]

    def __enter__(self) -> "Children":
        return self

    def __exit__(self, *_: object) -> None:
        for lane in self._lanes:
            lane.stop()

    def needs(self, samples: Mapping[Path, Path]) -> None:
        """Processes of this machine see what it sees."""

    def run(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | Unusable]]:
        """Yield each item with what `work` returned, in the order in which they are done.

        No more are taken than are worked on.

        An item whose process crashed, or that took too long, is unusable. What `work` raises is
        raised.
        """
        waiting, busy = iter(items), dict[Future[Result], _Task[Item]]()
        for lane in self._lanes:
            lane.start()
        for lane, item in zip(self._lanes, waiting, strict=False):
            busy.update([self._handed(lane, work, item)])
        while busy:
            for future in self._ended(busy):
                lane, item, _ = busy.pop(future)
                result = self._result(future, lane)
                for following in islice(waiting, 1):
                    busy.update([self._handed(lane, work, following)])
                yield item, result

    def _handed(
        self, lane: "_Lane", work: Callable[[Item], Result], item: Item
    ) -> "tuple[Future[Result], _Task[Item]]":
        """Hand over an item; its time begins when the child is there."""
        future = lane.submit(work, item)
        return future, _Task(lane, item, monotonic() + self._limit)

    def _ended(self, busy: "dict[Future[Result], _Task[Item]]") -> list[Future[Result]]:
        """Wait until something is done or the next time limit is over."""
        earliest = min(task.deadline for task in busy.values())
        wait(busy, timeout=max(earliest - monotonic(), 0), return_when=FIRST_COMPLETED)
        now = monotonic()
        return [future for future, task in busy.items() if future.done() or task.deadline <= now]

    def _result(self, future: Future[Result], lane: "_Lane") -> Result | Unusable:
        if not future.done():
            lane.stop()
            lane.start()
            return Unusable(f"it took more than {self._limit:g} seconds", lasting=False)
        try:
            return future.result()
        except BrokenProcessPool:
            lane.stop()
            lane.start()
            return Unusable("it crashed the process that worked on it", lasting=False)


class _Lane:
    """One child, which can be replaced by another."""

    def __init__(self, context: BaseContext, preload: Sequence[str]) -> None:
        self._context, self._preload = context, tuple(preload)
        self._executor: ProcessPoolExecutor | None = None
        self._child: Future[int] | None = None

    def start(self) -> None:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                1, mp_context=self._context, initializer=_begin, initargs=(self._preload,)
            )
            self._child = self._executor.submit(os.getpid)

    def submit(self, work: Callable[[Item], Result], item: Item) -> Future[Result]:
        """Hand over work, when the child is there."""
        if self._executor is None or self._child is None:
            raise RuntimeError("the lane has not started")
        try:
            self._child.result()
        except BrokenProcessPool:
            raise ResourceError(
                "no process can be started for the work", hint="--workers 1, or free some memory"
            ) from None
        return self._executor.submit(work, item)

    def stop(self) -> None:
        """End the child, whatever it is doing."""
        if self._executor is None or self._child is None:
            return
        if self._child.done() and not self._child.exception():
            _end(self._child.result())
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self._child = None


class _Task(NamedTuple, Generic[Item]):
    lane: _Lane
    item: Item
    deadline: float


def _context(preload: Sequence[str]) -> BaseContext:
    """Fork from a clean process where that is safe with what is preloaded, else begin anew."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


def _begin(preload: Sequence[str]) -> None:
    """Leave Ctrl-C to the parent, use one core, end when the parent does, and import what is
    needed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"
    parent: Any = multiprocessing.parent_process()
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
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
