"""Has the memory run out?"""

from collections.abc import Iterator
from contextlib import contextmanager

from srkit_core.errors import OutOfMemoryError
from srkit_core.torch_messages import OUT_OF_MEMORY, says_any


@contextmanager
def oom_guard(hint: str) -> Iterator[None]:
    """Turn every way in which torch and Python say that memory ran out into OutOfMemoryError with
    this hint.
    """
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemoryError("memory ran out", hint=hint) from error
    except RuntimeError as error:
        if says_any(error, *OUT_OF_MEMORY):
            raise OutOfMemoryError("memory ran out", hint=hint) from error
        raise
