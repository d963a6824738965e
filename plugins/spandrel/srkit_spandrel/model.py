"""How does a network of spandrel become a generator?"""

from typing import Any

import torch
import torch.nn.functional as F
from spandrel import Architecture, ImageModelDescriptor
from torch import Tensor, nn

from srkit_core.errors import IncompatibleError, OptionError
from srkit_spandrel.described import Described, describe_network, known
from srkit_spandrel.network_text import from_text, quiet
from srkit_spandrel.usable import refusal_of


class SpandrelNetwork(nn.Module):
    """A network of spandrel: LR (B, 3, H, W) in [0, 1] -> SR (B, 3, sH, sW), not clamped.

    One for pictures of one channel is applied to red, green and blue each. Its tensors are named
    `module.*`, which spandrel takes for its own names.
    """

    def __init__(self, network: nn.Module, described: Described) -> None:
        super().__init__()
        self.module = network
        self._described = described

    def to(self, *args: Any, **options: Any) -> "SpandrelNetwork":
        """Move it as a module is moved; the order of tensors in memory stays, because many of these
        networks call `view`.
        """
        options.pop("memory_format", None)
        return super().to(*args, **options) if args or options else self

    def forward(self, lr: Tensor) -> Tensor:
        """Upscale; raises IncompatibleError in a precision that the network is not for."""
        self._check_precision(lr)
        said, (height, width) = self._described, lr.shape[-2:]
        whole = self._padded(lr.contiguous())
        if said.channels == 1:
            whole = whole.flatten(0, 1).unsqueeze(1)
        sr = said.call(self.module, whole)
        if said.channels == 1:
            sr = sr.reshape(*lr.shape[:2], *sr.shape[-2:])
        return sr[..., : height * said.scale, : width * said.scale]

    def _padded(self, lr: Tensor) -> Tensor:
        """Pad right and bottom by reflection, and where that ends by the last pixels, as spandrel
        does.
        """
        height, width = lr.shape[-2:]
        right, down = self._described.sizes.get_padding(width, height)
        mirrored = (min(right, width - 1), min(down, height - 1))
        for (more_right, more_down), mode in (
            (mirrored, "reflect"),
            ((right - mirrored[0], down - mirrored[1]), "replicate"),
        ):
            if more_right or more_down:
                lr = F.pad(lr, (0, more_right, 0, more_down), mode=mode)
        return lr

    def _check_precision(self, lr: Tensor) -> None:
        device, said = lr.device.type, self._described
        if not said.without or not torch.is_autocast_enabled(device):
            return
        name = said.without.get(torch.get_autocast_dtype(device))
        if name:
            raise IncompatibleError(f"{said.name} is not for {name}", hint="--precision fp32")


def make_network(text: str, scale: int) -> SpandrelNetwork:
    """Build the generator of a text such as `SPAN(feature_channels=48)`.

    Raises OptionError where the text is of no network, of one for another scale, or of one that
    takes or makes no pictures alone.
    """
    network, architecture = from_text(text, scale)
    if said := known(text, scale):
        return SpandrelNetwork(network, said)
    descriptor = _descriptor_of(text, network, architecture)
    if reason := refusal_of(descriptor):
        raise OptionError(f"'{text}' {reason}", component="spandrel", option="network")
    if not isinstance(descriptor, ImageModelDescriptor) or descriptor.scale != scale:
        fact = f"'{text}' is for scale {descriptor.scale}, not {scale}"
        hint = f"--scale {descriptor.scale}"
        raise OptionError(fact, component="spandrel", option="network", hint=hint)
    return SpandrelNetwork(network, describe_network(text, descriptor))


def _descriptor_of(text: str, network: nn.Module, architecture: Architecture[Any]) -> Any:
    """Return what spandrel says of a network, which it says of tensors alone."""
    try:
        with quiet():
            return architecture.load(dict(network.state_dict()))
    except Exception as error:  # whatever an architecture makes of parameters of anybody
        fact = f"'{text}' is none that spandrel recognises: {type(error).__name__}: {error}"
        raise OptionError(fact, component="spandrel", option="network") from error
