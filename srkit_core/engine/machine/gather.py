"""How do values of all processes come together so that gradients find their way back?"""

from typing import Any

import torch
from torch import Tensor, distributed


class Gather(torch.autograd.Function):
    """Concatenates (B, ...) of all processes to (processes * B, ...).

    Each gets back the sum of what all say of its part.
    """

    @staticmethod
    def forward(ctx: Any, mine: Tensor) -> Tensor:
        """Return the values of all processes, in their order."""
        parts = [torch.empty_like(mine) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, mine)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the gradient of this process's part."""
        summed = gradients[0].contiguous().clone()
        distributed.all_reduce(summed)
        return summed.chunk(distributed.get_world_size())[distributed.get_rank()]
