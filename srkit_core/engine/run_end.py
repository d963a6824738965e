"""What does the folder of a run say of how it ended?"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from srkit_core.engine.guarded_callbacks import end_reason
from srkit_core.engine.run_context import RunContext
from srkit_core.errors import SrkitError
from srkit_core.io.documents import write_json


@contextmanager
def recorded_end(context: RunContext) -> Iterator[None]:
    """Write end.json when what is done within is ended by an error, and forget what an earlier one
    left. A run that is killed leaves none.
    """
    if not context.processes.is_main:
        yield
        return
    context.folder.end.unlink(missing_ok=True)
    try:
        yield
    except BaseException as error:
        with suppress(SrkitError, OSError):  # as on a full disk: why the run ended is told anyway
            write_json(context.folder.end, {"reason": end_reason(error), "error": _fact(error)})
        raise


def _fact(error: BaseException) -> str:
    return str(error) or type(error).__name__
