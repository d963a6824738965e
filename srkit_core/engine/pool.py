"""Which earlier examples are mixed into a batch?

Real-ESRGAN (Wang et al. 2021, section 4.1 of its supplement, and its published code) keeps a pool
of training pairs, so that the pictures of one batch were degraded at different times. Until the
pool is full a batch passes and is kept; then a random part of the pool goes out and the batch takes
its places.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from srkit_core.augmentation.batch_examples import Examples

_NAMES = ("lr", "hr", "target")


class Pool:
    """Up to `size` examples of earlier steps, on the device they came on.

    Size 0 passes every batch as it is.

    What it holds belongs to this process, as each of Real-ESRGAN's has a queue of its own, and must
    survive a crash: see `tensors`.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = dict[str, Tensor]()

    def exchange(self, fresh: Examples, rng: torch.Generator) -> Examples:
        """Put a batch in and return one of the same size; `rng` is on the CPU."""
        if self._size == 0:
            return fresh
        incoming = {name: getattr(fresh, name) for name in _NAMES}
        room = self._size - len(self)
        if room > 0:
            self._held = {
                name: torch.cat(
                    [*([self._held[name]] if self._held else []), incoming[name][:room]]
                )
                for name in _NAMES
            }
            return fresh
        slots = torch.randperm(self._size, generator=rng)[: len(fresh.lr)].to(fresh.lr.device)
        leaving = {name: self._held[name][slots] for name in _NAMES}
        for name in _NAMES:
            self._held[name][slots] = incoming[name]
        return Examples(
            **{
                name: one.contiguous(memory_format=torch.channels_last)
                for name, one in leaving.items()
            }
        )

    def __len__(self) -> int:
        """Return how many examples are held."""
        return len(self._held["lr"]) if self._held else 0

    def go_on_from(self, earlier: "Pool") -> None:
        """Take over what the pool of the stage before holds, as much as there is room for."""
        if self._size:
            self._held = {name: one[: self._size] for name, one in earlier.tensors().items()}

    def tensors(self) -> dict[str, Tensor]:
        """Return what is held, for a checkpoint; empty before the first batch."""
        return dict(self._held)

    def restore(self, tensors: Mapping[str, Tensor], device: torch.device) -> None:
        """Hold again what `tensors` returned."""
        self._held = {name: value.to(device) for name, value in tensors.items()}
