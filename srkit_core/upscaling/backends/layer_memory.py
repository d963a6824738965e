"""How much memory does a network take for a pixel of LR?"""

from typing import Any, Final

import torch
from torch import Tensor, nn

from srkit_core.models.model import Model
from srkit_core.oom import is_out_of_memory

_SIDE: Final = 16
_BESIDE: Final = 1.5
"""A layer's input and output are not all: what skips it waits, and kernels have buffers
(empirical).
"""
_FLOATS_OF_SR: Final = 3
"""SR as the network made it, clamped, and as bytes."""


@torch.no_grad()
def bytes_of_a_pixel(model: Model) -> int | None:
    """Return about how many bytes an LR pixel takes while it is upscaled, as a small picture shows:
    those of the layer that takes most; None where there is no memory even for that.
    """
    most = 0

    def note(layer: nn.Module, taken: tuple[Any, ...], made: Any) -> None:
        nonlocal most
        del layer
        both = [one for one in (*taken, made) if isinstance(one, Tensor)]
        most = max(most, sum(one.numel() * one.element_size() for one in both))

    side = -(-max(_SIDE, model.min_size) // model.size_multiple) * model.size_multiple
    watched = [layer.register_forward_hook(note) for layer in model.network.modules()]
    try:
        model(torch.zeros(1, 3, side, side, device=model.device))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return None
    finally:
        for one in watched:
            one.remove()
    return int(_BESIDE * most) // side**2 + _FLOATS_OF_SR * 3 * 4 * model.scale**2
