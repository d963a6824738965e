"""How does torch upscale pictures that are numpy arrays?"""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from srkit_core.bf16_units import slow_bf16_note
from srkit_core.devices import PrecisionName, inference_dtype, upscaling_precision
from srkit_core.errors import NotFiniteError
from srkit_core.io.images import Samples, to_bytes, to_unit, to_words
from srkit_core.models.build import build_network, to_device
from srkit_core.models.half_weights import with_half_weights
from srkit_core.models.model import Model
from srkit_core.upscaling.backends.interface import Backend
from srkit_core.upscaling.backends.layer_memory import bytes_of_a_pixel
from srkit_core.upscaling.free_memory import free_host_bytes

_RED, _BLUE = 0.299, 0.114
_GIVES_UP: Final = 8
"""So many tiles one after the other that half precision does not compute are taken for all."""


class TorchBackend:
    """A model on the device of its weights; a `Backend`."""

    name = "torch"

    def __init__(self, model: Model) -> None:
        self.model = with_half_weights(model)
        self.scale = model.scale
        self.size_multiple = model.size_multiple
        self.min_size = model.min_size
        self.receptive = model.receptive
        self.device = model.device.type

    @torch.no_grad()
    def __call__(self, lr: Samples, /, *, gray: bool = False) -> Samples:
        """Upscale (H, W, 3), as `Backend` says."""
        deep = lr.dtype == np.uint16
        model = self._model_of_16_bit if deep else self.model
        pixels = torch.from_numpy(np.ascontiguousarray(lr))[None]
        # few devices compute with uint16
        unit = to_unit(pixels).to(model.device) if deep else to_unit(pixels.to(model.device))
        sr = model(unit)
        seen = _without_colour(sr) if gray else sr
        larger: Samples = _on_host((to_words if deep else to_bytes)(seen)[0]).view(lr.dtype)
        return larger

    def free_bytes(self) -> int | None:
        """Return how much memory the device has left, None where nobody says it."""
        return free_device_bytes(self.model.device)

    def pixel_bytes(self) -> int | None:
        """Return about how many bytes of it an LR pixel takes, None where there are too few."""
        return self._pixel_bytes

    @cached_property
    def _pixel_bytes(self) -> int | None:
        return bytes_of_a_pixel(self.model)

    @cached_property
    def _model_of_16_bit(self) -> Model:
        """A model that does not round to 8 bit: an interpolation does, as published ones did."""
        model = self.model
        options = {**model.bound.options, **model.spec.keeps_16_bit}
        if options == model.bound.options:
            return model
        bound = replace(model.bound, options=options)
        network = build_network(bound).eval()
        network.load_state_dict(model.network.state_dict())
        return replace(model, network=to_device(network, model.device), bound=bound)


class CarefulBackend(TorchBackend):
    """Computes in half precision, and again in fp32 every tile of which NaN or infinity come; after
    some that were all of that kind in fp32 alone. `note` is told once of either.
    """

    def __init__(self, model: Model, half: torch.dtype, note: Callable[[str], None]) -> None:
        super().__init__(replace(model, precision=half))
        self._exact, self._note = TorchBackend(model), note
        self._in_a_row, self._told = 0, False

    def __call__(self, lr: Samples, /, *, gray: bool = False) -> Samples:
        """Upscale (H, W, 3), as `Backend` says."""
        if self._in_a_row < _GIVES_UP:
            try:
                larger = super().__call__(lr, gray=gray)
                self._in_a_row = 0
                return larger
            except NotFiniteError as error:
                self._count(error.message)
        return self._exact(lr, gray=gray)

    def _count(self, why: str) -> None:
        self._in_a_row += 1
        if self._in_a_row == _GIVES_UP:
            self._note("fp32 from here on")
        elif not self._told:
            self._note(f"fp32 where half precision is not enough: {why}")
            self._told = True


def torch_backend(model: Model, precision: PrecisionName, note: Callable[[str], None]) -> Backend:
    """Return a model that is loaded in a precision as a backend; `auto` is that of its device.

    `note` is told where the one that was asked for is the slower one.
    """
    half = upscaling_precision(model.device)
    if slow := slow_bf16_note(precision, model.device):
        note(slow)
    if precision != "auto" or half == "fp32":
        return TorchBackend(model)
    return CarefulBackend(model, inference_dtype(half, model.device), note)


def free_device_bytes(device: torch.device) -> int | None:
    """Return how much memory can still be had on a device, None where nobody says it."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_host_bytes() if device.type == "cpu" else None


def _on_host(made: Tensor) -> NDArray[Any]:
    """Return (H, W, C) as an array; from a GPU in one copy, into pinned memory, which it writes
    without a detour and torch keeps for the next.
    """
    if made.device.type != "cuda":
        known: NDArray[Any] = made.contiguous().cpu().numpy()
        return known
    host = torch.empty(made.shape, dtype=made.dtype, pin_memory=True)
    host.copy_(made.contiguous())
    return host.numpy()


def _without_colour(sr: Tensor) -> Tensor:
    """Return the luma of (1, 3, H, W) in three channels (ITU-R BT.601); what has no colour stays as
    it is, to the last bit.
    """
    red, green, blue = sr.unbind(1)
    luma = green + _RED * (red - green) + _BLUE * (blue - green)
    return luma[:, None].expand_as(sr)
