"""How is a network compiled without waiting once for each of its blocks?"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import nn

from srkit_core.binding import BoundComponent
from srkit_core.specs import GeneratorSpec


def compile_blocks(network: nn.Module, bound: BoundComponent) -> bool:
    """Let the repeated blocks of a generator be compiled when they first train, all of one class
    together; return whether its spec names some.

    They are as they were in eval mode, where pictures have many sizes and each would be compiled
    again.
    """
    body = bound.spec(GeneratorSpec).body if bound.component.kind == "generator" else ""
    blocks = network.get_submodule(body).children() if body else ()
    for block in blocks:
        if next(block.children(), None) is not None:  # one operator has nothing to fuse
            block.forward = partial(_in_training, block.forward)
    return bool(body)


def _in_training(forward: Callable[..., Any], *inputs: Any) -> Any:
    """Call a block's forward: the method of its class, compiled, in training."""
    block: nn.Module = forward.__self__  # type: ignore[attr-defined]
    if not block.training:
        return forward(*inputs)
    return _compiled(type(block).forward)(block, *inputs)


@cache
def _compiled(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Return the forward of a class, whose compiled code serves all its objects."""
    return torch.compile(forward, dynamic=False)
