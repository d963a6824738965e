"""What does spandrel say of a network, which srkit asks once for every text?

spandrel says it of networks with tensors alone, and makes one to do so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from spandrel import SizeRequirements
from torch import Tensor, nn

_HALVES: Final = {
    torch.float16: ("supports_half", "fp16"),
    torch.bfloat16: ("supports_bfloat16", "bf16"),
}


@dataclass(frozen=True)
class Described:
    """How a network is called, for how many `channels`, which `scale` and `sizes`; `without` are
    the precisions that it is not for.
    """

    name: str
    call: Callable[[nn.Module, Tensor], Tensor]
    channels: int
    scale: int
    sizes: SizeRequirements
    without: Mapping[torch.dtype, str]


_KNOWN: Final = dict[tuple[str, int], Described]()


def known(text: str, scale: int) -> Described | None:
    """Return what is known of the network of a text, None where none was made yet."""
    return _KNOWN.get((text, scale))


def describe_network(text: str, descriptor: Any) -> Described:
    """Return what a descriptor of a network that upscales says, and remember it for its text."""
    said = Described(
        name=str(descriptor.architecture.id),
        call=descriptor._call_fn,  # its public call leaves no gradient
        channels=descriptor.input_channels,
        scale=descriptor.scale,
        sizes=descriptor.size_requirements,
        without={
            kind: name for kind, (flag, name) in _HALVES.items() if not getattr(descriptor, flag)
        },
    )
    return _KNOWN.setdefault((text, said.scale), said)
