"""What must something be able to do to upscale pictures?

A backend is numpy on both sides, so that one of them needs no torch.
"""

from typing import Protocol

from srkit_core.io.raster import Samples


class NetworkTraits(Protocol):
    """What of a network decides how a picture is cut for it; a `Model` has it too."""

    @property
    def scale(self) -> int:
        """How many output pixels a side an LR pixel becomes."""
        ...

    @property
    def size_multiple(self) -> int:
        """What LR sides must be a multiple of inside the network."""
        ...

    @property
    def min_size(self) -> int:
        """The smallest LR side the network takes."""
        ...

    @property
    def receptive(self) -> int:
        """How many LR pixels around an output pixel matter in practice."""
        ...


class Backend(NetworkTraits, Protocol):
    """A network that is ready to compute, in one engine on one device."""

    @property
    def name(self) -> str:
        """Which engine it is, as `--backend` takes it."""
        ...

    @property
    def device(self) -> str:
        """Where it computes, as `--device` takes it."""
        ...

    def __call__(self, lr: Samples, /, *, gray: bool = False) -> Samples:
        """Upscale (H, W, 3), uint8 or uint16, to (scale*H, scale*W, 3) of the same type, clamped
        and rounded to the nearest.

        Any size of at least one pixel is taken: it is padded to what the network wants, and cut
        back. With `gray` all three channels are the luma of SR (ITU-R BT.601), taken before it is
        rounded. Raises NotFiniteError where SR holds NaN or infinity, PluginError where the network
        fails, MemoryError or the engine's own error where memory runs out.
        """
        ...

    def free_bytes(self) -> int | None:
        """Return how much memory can still be had where it computes, None where nobody says it."""
        ...

    def pixel_bytes(self) -> int | None:
        """Return about how many bytes of that memory an LR pixel takes while it is upscaled, None
        where that is not known.
        """
        ...
