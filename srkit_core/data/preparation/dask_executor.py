"""How is work done on a Dask cluster?

A task whose worker dies is given to another one; one that has killed several is given up and named,
by the scheduler's rule. There is no time limit for a file: a scheduler has no way to stop a decoder
that hangs.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from pathlib import Path
from typing import Any

import distributed

from srkit_core.data.preparation.executor import WorkItem, WorkResult
from srkit_core.data.preparation.records import Unusable
from srkit_core.errors import DataError
from srkit_core.io.atomic import write_text

_IN_FLIGHT = 2
"""Tasks a thread of the cluster: one at work and one to go on with."""

_PATIENCE = 30
"""Seconds in which the first worker has to appear."""


class DaskExecutor:
    """The workers of a scheduler; a context manager.

    They need srkit, and the same folders under the same paths.
    """

    def __init__(self, address: str, out: Path, probes: Path | None = None) -> None:
        connect: Any = distributed.Client
        try:
            self._client = connect(address, timeout="10s", set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise DataError(
                f"no Dask scheduler answers at {address}",
                hint="dask scheduler, and dask worker ADDRESS",
            ) from error
        self._address, self._out = address, out.absolute()
        self._probes = (probes or out).absolute()
        self._samples: Mapping[Path, Path] = {}
        self._checked = False

    def __enter__(self) -> "DaskExecutor":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def needs(self, samples: Mapping[Path, Path]) -> None:
        """Hear of a file in each folder of pictures.

        Before the next work every worker is asked whether it sees them.
        """
        self._samples, self._checked = dict(samples), False

    def run(
        self, work: Callable[[WorkItem], WorkResult], items: Iterable[WorkItem]
    ) -> Iterator[tuple[WorkItem, WorkResult | Unusable]]:
        """Yield each item with what `work` returned, in the order in which they are done.

        A bounded number is under way.

        An item that killed its workers is unusable. What `work` raises is raised. Raises DataError
        when there are no workers, or one does not see the output folder or a folder of pictures.
        """
        self._check_once()
        executor = self._client.get_executor(pure=False)
        waiting, busy = iter(items), dict[Future[WorkResult], WorkItem]()
        most = _IN_FLIGHT * sum(self._client.nthreads().values())
        try:
            busy.update((executor.submit(work, item), item) for item in islice(waiting, most))
            while busy:
                for future in wait(busy, return_when=FIRST_COMPLETED).done:
                    item, result = busy.pop(future), _result(future)
                    busy.update(
                        (executor.submit(work, following), following)
                        for following in islice(waiting, 1)
                    )
                    yield item, result
        finally:
            executor.shutdown(wait=False)

    def _check_once(self) -> None:
        """Let every worker look at a file that was written here, and at one of each folder of
        pictures.
        """
        if self._checked:
            return
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError as error:
            raise DataError(
                f"the scheduler at {self._address} has no workers",
                hint=f"dask worker {self._address}",
            ) from error
        # an unfinished file, which is swept after a kill
        probe = self._probes / f".probe.{secrets.randbits(32)}.part"
        write_text(probe, probe.name)
        try:
            unseen = self._client.run(
                _unseen,
                {
                    str(folder): str(file)
                    for folder, file in {self._out: probe, **self._samples}.items()
                },
            )
        finally:
            probe.unlink()
        for worker, folders in sorted(unseen.items()):
            if folders:
                fact = f"the worker {worker} does not see {folders[0]}"
                raise DataError(
                    fact,
                    hint="let all machines share that folder under the same path",
                    path=Path(folders[0]),
                )
        self._checked = True


def watch_task() -> Callable[[], bool]:
    """Return what says whether nobody waits any more for the task that this thread of a worker
    does, because its client was stopped or is gone; without a worker somebody always does.
    """
    try:
        worker = distributed.get_worker()
    except ValueError:
        return lambda: False
    key = worker.get_current_task()

    def given_up() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    return given_up


def _unseen(samples: dict[str, str]) -> list[str]:
    """Return the folders whose file is not here."""
    return [folder for folder, file in samples.items() if not Path(file).is_file()]


def _result(future: Future[WorkResult]) -> WorkResult | Unusable:
    try:
        return future.result()
    except distributed.KilledWorker:
        return Unusable("it crashed every worker that was given it", lasting=False)
