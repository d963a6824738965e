"""Has the memory run out?"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from srkit_core.errors import OutOfMemoryError

_SAYINGS_OF_THE_CPU = ("can't allocate memory", "not enough memory", "DefaultCPUAllocator")
"""On a CPU torch raises a plain RuntimeError, which only its words tell from others."""


@contextmanager
def memory_guard(hint: str) -> Iterator[None]:
    """Turn every way in which torch and Python say that memory ran out into OutOfMemoryError with this hint."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemoryError("memory ran out", hint=hint) from error
    except RuntimeError as error:
        if any(saying in str(error) for saying in _SAYINGS_OF_THE_CPU):
            raise OutOfMemoryError("memory ran out", hint=hint) from error
        raise
