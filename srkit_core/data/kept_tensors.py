"""Which tensors that were made of pictures are kept, so that nobody decodes or makes them again?"""

from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor

from srkit_core.io.images import to_unit

_Kept = tuple[Tensor, ...]


class KeptTensors:
    """Keeps what was made of pictures in the host's memory, up to a number of bytes; what finds no
    room is made again whenever it is asked for.

    Values that 8 bits hold exactly are kept as uint8, so that a picture takes as much as its
    pixels; whatever is returned went through that, and is the same bit for bit, kept or not.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.held = 0
        self.made = 0
        """How many bytes are held, and how often something was made."""
        self._kept = dict[Hashable, _Kept]()

    def get(self, key: Hashable, make: Callable[[], _Kept], device: torch.device) -> _Kept:
        """Return the tensors (B, 3, H, W) in [0, 1] of a key on a device, as `make` returned them
        at the first time.
        """
        found = self._kept.get(key)
        if found is None:
            found = tuple(_compact(one) for one in make())
            self.made += 1
            self._keep(key, found)
        return tuple(_unit(one, device) for one in found)

    def _keep(self, key: Hashable, tensors: Sequence[Tensor]) -> None:
        size = sum(one.nbytes for one in tensors)
        if self.held + size <= self.most_bytes:
            self._kept[key] = tuple(one.cpu() for one in tensors)
            self.held += size


def _compact(unit: Tensor) -> Tensor:
    """Return uint8 (B, H, W, 3) where that holds every value, else the tensor as it is."""
    pixels = (unit * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1)
    return pixels if torch.equal(to_unit(pixels), unit) else unit


def _unit(kept: Tensor, device: torch.device) -> Tensor:
    moved = kept.to(device)
    return to_unit(moved) if kept.dtype == torch.uint8 else moved
