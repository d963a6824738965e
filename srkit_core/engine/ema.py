"""What is the moving average of the generator's weights?"""

from copy import deepcopy

import torch
from torch import nn


def start_average(network: nn.Module) -> nn.Module:
    """Return a copy of a network, in eval mode and without gradients, to average into."""
    return deepcopy(network).eval().requires_grad_(False)


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average towards the network: a = decay * a + (1 - decay) * w; buffers are copied."""
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)
    pairs = list(zip(average.buffers(), network.buffers(), strict=True))
    if pairs:  # torch refuses an empty list
        torch._foreach_copy_([old for old, _ in pairs], [new for _, new in pairs])
