"""Who may write into a run folder?"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from filelock import BaseFileLock, FileLock, Timeout

from srkit_core.engine.checkpoints.checkpoint import tidy
from srkit_core.engine.machine.processes import Processes
from srkit_core.errors import RecipeError
from srkit_core.io.atomic import write_error
from srkit_core.run_folder import RunFolder

LOCK: Final = ".lock"
"""What the file is called that is locked."""


@contextmanager
def run_lock(folder: RunFolder, processes: Processes) -> Iterator[None]:
    """Keep other runs from training in a folder, and remove what a killed one left half written.

    The system gives the folder free when the main process ends, however it ends.
    """
    lock = FileLock(folder.path / LOCK, timeout=0)
    processes.agree(lambda: _acquire(lock, folder))
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: BaseFileLock, folder: RunFolder) -> None:
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        tidy(folder)
    except Timeout:
        raise RecipeError(
            f"another process is training in {folder.path}",
            hint="wait for it, or --out another folder",
        ) from None
    except OSError as error:
        raise write_error(error, folder.path) from error
