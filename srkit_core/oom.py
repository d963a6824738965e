"""Has the memory run out?"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from srkit_core.errors import OutOfMemoryError

_CPU_MESSAGES: Final = ("can't allocate memory", "not enough memory", "DefaultCPUAllocator")
"""On a CPU torch raises a plain RuntimeError, which only its words tell from others."""


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
        if any(message in str(error) for message in _CPU_MESSAGES):
            raise OutOfMemoryError("memory ran out", hint=hint) from error
        raise
