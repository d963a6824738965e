"""How do samples become batches, in processes that may be lost?"""

import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch.utils.data import DataLoader, Dataset

from srkit_core.data.dataset import Batch, CropDataset, collate
from srkit_core.errors import DataError, LostProcessError
from srkit_core.torch_messages import LOST_WORKER, says_any

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class _Batches(Dataset[Batch | DataError]):
    """Batches by the numbers of their samples.

    An error is handed over, because a loader's process can raise but its text.
    """

    def __init__(self, samples: CropDataset) -> None:
        self._samples = samples

    def __getitem__(self, numbers: list[int]) -> Batch | DataError:
        try:
            return collate([self._samples[number] for number in numbers])
        except DataError as error:
            return error


def training_batches(
    samples: CropDataset, batches: Iterable[list[int]], *, workers: int, pin: bool
) -> Iterator[Batch]:
    """Yield a batch for each list of sample numbers, with `workers` processes (0: in this one).

    Raises DataError when no picture can be used any more. Torch's global randomness is left alone.
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
    with hold_signals():
        loaded = iter(loader)
    for batch in loaded:
        if isinstance(batch, DataError):
            raise batch
        yield batch


def batch_indices(
    first_step: int, steps: int, batch: int, *, rank: int = 0, world: int = 1
) -> Iterator[list[int]]:
    """Yield the sample numbers of each remaining step of a stage for one of `world` processes."""
    share = batch // world
    for step in range(first_step, steps):
        start = step * batch + rank * share
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
    would wait for the others for ever.
    """
    if sys.platform == "linux":
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        threading.Thread(target=_end_when_the_main_process_asks, daemon=True).start()


def _end_when_the_main_process_asks() -> None:
    if sys.platform == "linux":
        while signal.sigwaitinfo({signal.SIGTERM}).si_pid != os.getppid():
            continue
        os._exit(0)


@contextmanager
def lost_worker_guard(hint: str) -> Iterator[None]:
    """Turn every way in which a lost loading process shows itself into LostProcessError with this
    hint.
    """
    try:
        yield
    except (
        ConnectionError,
        EOFError,
        RuntimeError,
    ) as error:  # the first two where a batch was on its way
        if isinstance(error, RuntimeError) and not says_any(error, LOST_WORKER):
            raise
        raise LostProcessError(
            "a process that loads pictures was ended from outside", hint=hint
        ) from error
