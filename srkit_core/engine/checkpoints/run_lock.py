"""Who may write into a run folder?"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from filelock import Timeout

from srkit_core.engine.checkpoints.checkpoint import tidy
from srkit_core.engine.machine.processes import Processes
from srkit_core.errors import RecipeError
from srkit_core.io.atomic import write_error
from srkit_core.locks import locked
from srkit_core.run_folder import RunFolder


@contextmanager
def run_lock(folder: RunFolder, processes: Processes) -> Iterator[None]:
    """Keep other runs from training in a folder, and remove what a killed one left half written.

    The system gives the folder free when the main process ends, however it ends.
    """
    with ExitStack() as held:
        processes.agree(lambda: _acquire(held, folder))
        yield


def _acquire(held: ExitStack, folder: RunFolder) -> None:
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        held.enter_context(locked(folder.lock, wait=False))
        tidy(folder)
    except Timeout:
        raise RecipeError(
            f"another process is training in {folder.path}",
            hint="wait for it, or --out another folder",
        ) from None
    except OSError as error:
        raise write_error(error, folder.path) from error
