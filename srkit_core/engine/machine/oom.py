"""Has the memory run out?"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from srkit_core.errors import OutOfMemoryError
from srkit_core.recipe import Stage

_SAYINGS_OF_THE_CPU = ("can't allocate memory", "not enough memory", "DefaultCPUAllocator")
"""On a CPU torch raises a plain RuntimeError, which only its words tell from others."""


def less_memory_hint(stage: Stage, processes: int, run: Path | None = None) -> str:
    """Return what to try when a stage does not fit: the same batch in more parts, or smaller
    pictures where a part is a picture.
    """
    share = stage.batch // processes
    parts = next(
        (parts for parts in range(stage.accumulate + 1, share + 1) if share % parts == 0), None
    )
    command = f"srkit train --resume --out {shlex.quote(str(run))}" if run else "srkit train RECIPE"
    if parts is None:
        return f"{command} --recompute, or a new run with a --patch smaller than {stage.patch}"
    return (
        f"{command} --set stages.{stage.name}.accumulate={parts} keeps the batch of "
        f"{stage.batch}, in parts of {share // parts}"
    )


@contextmanager
def oom_guard(hint: str) -> Iterator[None]:
    """Turn every way in which torch and Python say that memory ran out into OutOfMemoryError with
    this hint.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemoryError("memory ran out", hint=hint) from error
    except RuntimeError as error:
        if any(saying in str(error) for saying in _SAYINGS_OF_THE_CPU):
            raise OutOfMemoryError("memory ran out", hint=hint) from error
        raise
