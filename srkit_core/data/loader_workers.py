"""How do the processes that load batches begin and end?"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from srkit_core.errors import LostProcessError
from srkit_core.torch_messages import LOST_WORKER, says_any

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_waiting() -> Iterator[None]:
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


def begin(_: int) -> None:
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
