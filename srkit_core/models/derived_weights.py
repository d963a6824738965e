"""In which precision are weights computed that are made of others, as by spectral normalisation?"""

from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrize import ParametrizationList


class Float32Parametrizations(ParametrizationList):
    """ParametrizationList whose weight is computed in the precision of what it is made of.

    Autocast would cast that anew for each product of a power iteration, several times a pass, and
    the singular value would have the three digits of bf16. What comes of it is cast once.
    """

    def forward(self) -> Any:
        """Return the weight."""
        with torch.autocast(self.original.device.type, enabled=False):
            return super().forward()


def derive_in_float32(network: nn.Module) -> nn.Module:
    """Make the parametrizations of a network Float32Parametrizations, in place."""
    for module in network.modules():
        if type(module) is ParametrizationList and isinstance(
            getattr(module, "original", None), torch.Tensor
        ):
            module.__class__ = Float32Parametrizations  # keeps parameters, buffers and hooks
    return network
