"""How is a network computed in half precision without casting all its weights for each picture?"""

from copy import deepcopy
from dataclasses import replace
from typing import Final

import torch
from torch import nn

from srkit_core.models.model import Model

_CAST: Final = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.Linear)
"""Layers that autocast computes in half precision (torch.amp, "CUDA Ops that can autocast to
float16"); others, such as norms, it leaves in fp32.
"""


def with_half_weights(model: Model) -> Model:
    """Return a model whose convolutions and linear layers hold their weights in its precision, to
    which autocast would cast them every time, so that it makes the same numbers.

    The network of `model` is left as it is. Weights that are made of others, as by weight
    normalisation, stay in fp32.
    """
    if model.precision == torch.float32 or not any(map(_is_cast, model.network.modules())):
        return model
    network = deepcopy(model.network)
    for layer in network.modules():
        if _is_cast(layer):
            layer.to(model.precision)
    return replace(model, network=network)


def _is_cast(layer: nn.Module) -> bool:
    """Whether a layer is one of these; what is parametrised has a class of its own."""
    return type(layer) in _CAST and "weight" in dict(layer.named_parameters(recurse=False))
