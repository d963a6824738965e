"""Whose fault is an exception that a component's code raises?"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from srkit_core.errors import PluginError, SrkitError
from srkit_core.torch_messages import LOST_PEER, LOST_WORKER, OUT_OF_MEMORY, says_any


@contextmanager
def component_errors(owner: str, action: str) -> Iterator[None]:
    """Turn what a component's code raises into PluginError that names it and what it did, such as
    `upscaled 1x3x64x64`.

    `owner` is its full name with its distribution, such as `srkit-rrdb/rrdb`; "" for what nobody
    announced. What srkit raises itself, and what the machine is to blame for, passes as it is.
    """
    try:
        yield
    except (SrkitError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if not owner or says_any(error, *OUT_OF_MEMORY, *LOST_PEER, LOST_WORKER):
            raise
        distribution, _, name = owner.rpartition("/")
        fault = f"{type(error).__name__}: {str(error).strip() or 'no message'}"
        raise PluginError(
            f"the component '{name}' of {distribution} failed when it {action}: {fault}",
            hint=f"SRKIT_TRACE=1 shows where; srkit plugin check {owner}",
        ) from error


def shape_of(tensor: torch.Tensor) -> str:
    """Return a shape in words: `2x3x64x64`."""
    return "x".join(map(str, tensor.shape))
