"""How do samples become batches, in processes that may be lost?"""

import errno
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.queues import Queue
from traceback import print_exception
from typing import Any, Final, cast

import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from srkit_core.data.dataset import Batch, CropDataset, collate
from srkit_core.errors import LostProcessError, SrkitError
from srkit_core.io.images import Pixels
from srkit_core.process_start import start_error, starting_processes
from srkit_core.torch_messages import LOST_WORKER, NO_MORE_FILES, says_any

_SIGNALS: Final = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)  # Windows has no SIGHUP
)
_ALONE: Final = "--workers 0"
_ITS_END: Final = re.compile(
    r"\(pid (?P<pid>\d+)\).*?(?:signal: (?P<signal>[^.]+)|exit code (?P<code>\d+))"
)


@dataclass(frozen=True)
class _SentBatch:
    """A batch on its way between processes, as plain arrays through a pipe: tensors would need
    /dev/shm, a socket in TMPDIR and open files, and get lost where one of these is missing.
    """

    names: tuple[str, ...]
    windows: tuple[Pixels, ...]
    corners: tuple[tuple[int, int], ...]
    lr: Pixels | None
    stored: tuple[int, ...]

    def arrived(self) -> Batch:
        """Return the batch, whose tensors are these arrays."""
        windows = tuple(map(torch.from_numpy, self.windows))
        lr = None if self.lr is None else torch.from_numpy(self.lr)
        return Batch(self.names, windows, self.corners, lr, self.stored)

    def pin_memory(self) -> Batch:
        """Let the loader put the pixels where a GPU copies from."""
        return self.arrived().pin_memory()


class _Batches(Dataset["Batch | _SentBatch | SrkitError"]):
    """Batches by the numbers of their samples.

    An error is handed over, because a loader's process can raise but its text.
    """

    def __init__(self, samples: CropDataset) -> None:
        self._samples = samples

    def __getitem__(self, numbers: list[int]) -> Batch | _SentBatch | SrkitError:
        try:
            batch = collate([self._samples[number] for number in numbers])
        except SrkitError as error:
            return error
        if get_worker_info() is None:
            return batch
        windows = tuple(stack.numpy() for stack in batch.windows)
        lr = None if batch.lr is None else batch.lr.numpy()
        return _SentBatch(batch.names, windows, batch.corners, lr, batch.stored)


def training_batches(
    samples: CropDataset, batches: Iterable[list[int]], *, workers: int, pin: bool
) -> Iterator[Batch]:
    """Yield a batch for each list of sample numbers, with `workers` processes (0: in this one).

    Raises DataError when no picture can be used any more, ResourceError where processes cannot be
    started. Torch's global randomness is left alone.
    """
    loader = DataLoader(
        _Batches(samples),
        batch_size=None,
        sampler=batches,
        num_workers=workers,
        collate_fn=_as_it_is,
        pin_memory=pin,
        generator=torch.Generator(),
        worker_init_fn=start_worker,
    )
    with hold_signals(), starting_processes(_ALONE):
        loaded = iter(loader)
    for batch in loaded:
        if isinstance(batch, SrkitError):
            raise batch
        yield batch.arrived() if isinstance(batch, _SentBatch) else batch


def batch_indices(
    first: int, steps: int, batch: int, *, rank: int = 0, world: int = 1
) -> Iterator[list[int]]:
    """Yield the sample numbers of each of so many steps, from sample `first` of the run on, for one
    of `world` processes.
    """
    share = batch // world
    for step in range(steps):
        start = first + step * batch + rank * share
        yield list(range(start, start + share))


def _as_it_is(batch: Any) -> Any:
    return batch


@contextmanager
def hold_signals() -> Iterator[None]:
    """Let signals wait while processes are started, so that these begin with signals blocked and
    none slips in between.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_worker(_: int) -> None:
    """Leave signals to the main process: a launcher sends its own to all, and the main one needs
    the others for its last step.

    Only the main process can end this one. Without that a loader which lost one of its processes
    would wait for the others for ever, as it would for a batch that cannot be sent.
    """
    cast(Any, Queue)._on_queue_feeder_error = staticmethod(_end_unheard)
    if sys.platform == "linux":
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        threading.Thread(target=_end_when_the_main_process_asks, daemon=True).start()
    threading.Thread(target=_end_with_the_main_process, daemon=True).start()


def _end_when_the_main_process_asks() -> None:
    if sys.platform == "linux":
        while signal.sigwaitinfo({signal.SIGTERM}).si_pid != os.getppid():
            continue
        os._exit(0)


def _end_with_the_main_process() -> None:
    """End this process once the main one is gone: nobody takes its batches from the pipe then."""
    main = parent_process()
    if main is not None:
        main.join()
        os._exit(1)


def _end_unheard(error: Exception, batch: object) -> None:
    """End this process, which the main one notices, where what it made cannot be sent."""
    print_exception(error)
    os._exit(1)


@contextmanager
def lost_worker_guard(hint: str | Callable[[], str]) -> Iterator[None]:
    """Turn every way in which a lost loading process shows itself into LostProcessError with this
    hint, or what gives it at that time.
    """
    try:
        yield
    except (
        ConnectionError,
        EOFError,
        RuntimeError,
    ) as error:  # the first two where a batch was on its way
        if isinstance(error, RuntimeError) and says_any(error, *NO_MORE_FILES):
            raise start_error(OSError(errno.EMFILE, str(error)), _ALONE) from error
        if isinstance(error, RuntimeError) and not says_any(error, LOST_WORKER):
            raise
        now = hint if isinstance(hint, str) else hint()
        raise LostProcessError(
            f"a process that loads pictures was ended from outside{_how(error)}", hint=now
        ) from error


def _how(error: Exception) -> str:
    """Say which process it was and what ended it, where torch knows."""
    known = _ITS_END.search(str(error))
    if known is None:
        return ""
    by = f"signal {known['signal']}" if known["signal"] else f"exit code {known['code']}"
    return f": number {known['pid']}, by {by}"
