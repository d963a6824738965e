"""How does training take less memory for more time?"""

from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from srkit_core.binding import BoundComponent
from srkit_core.errors import IncompatibleError
from srkit_core.specs import GeneratorSpec


def recompute(network: nn.Module, bound: BoundComponent) -> None:
    """Let the blocks of a generator keep their inputs only, and compute the rest again for the
    gradient.

    Chen et al. 2016, section 3. Weights and results are the same; raises IncompatibleError where
    the generator names no blocks.
    """
    body = bound.spec(GeneratorSpec).body
    if not body:
        raise IncompatibleError(
            f"the generator '{bound.name}' has no blocks that could be recomputed",
            hint="leave --recompute out",
        )
    for block in network.get_submodule(body).children():
        block.forward = partial(checkpoint, block.forward, use_reentrant=False)
