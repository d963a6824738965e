"""How do numbers of the host come to a device that is not waited for?"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor


def shipped(
    values: Tensor | Sequence[object], like: Tensor, dtype: torch.dtype | None = None
) -> Tensor:
    """Return numbers of the host on the device of `like`, in its dtype unless another one is named.

    A CUDA device takes them out of pinned memory; nobody waits.
    """
    host = torch.as_tensor(values, dtype=dtype or like.dtype)
    if like.device.type == "cuda" and torch.cuda.is_available() and host.device.type == "cpu":
        host = host.pin_memory()
    return host.to(like.device, non_blocking=True)


def kept_on_device(make: Callable[[], Tensor], like: Tensor) -> Tensor:
    """Return what a function makes that never changes, in the dtype and on the device of `like`,
    where it stays from its first use on.
    """
    return _kept(make, like.dtype, like.device)


@lru_cache(maxsize=64)
def _kept(make: Callable[[], Tensor], dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(False):
        return make().to(dtype).to(device)
