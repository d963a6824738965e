"""How do numbers of the host come to a device that is not waited for?"""

from collections.abc import Sequence
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


def kept_on_device(values: tuple[object, ...], like: Tensor) -> Tensor:
    """Return numbers that never change in the dtype and on the device of `like`, where they stay
    from their first use on.
    """
    return _kept(values, like.dtype, like.device)


@lru_cache(maxsize=64)
def _kept(values: tuple[object, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=torch.float64).to(dtype).to(device)
