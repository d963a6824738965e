"""How different do two pictures look to people, as LPIPS learnt it?"""

from collections.abc import Callable, Sequence
from typing import Final, Literal

import torch
from torch import Tensor

from srkit_core.errors import DataError
from srkit_core.pretrained import obtain
from srkit_lpips_metric.heads import read_heads
from srkit_perception import entry, features
from srkit_perception.networks import Features

Net = Literal["alex", "vgg"]

_LAYERS: Final[dict[Net, tuple[str, ...]]] = {
    "alex": ("relu1", "relu2", "relu3", "relu4", "relu5"),
    "vgg": ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"),
}
_TINY: Final = 1e-20
"""Least squared length of a vector of features, so that one of zeros has a direction and a slope:
zero.
"""


class LPIPS:
    """Weighted squared distance of feature vectors of unit length, summed over layers (Zhang et al.
    2018, eq. 1), version 0.1.

    Takes SR and HR (B, 3, H, W) in [0, 1]; is >= 0, and 0 for equal pictures.
    """

    def __init__(
        self,
        network: Callable[[torch.device], Features],
        layers: Sequence[str],
        heads: Sequence[Tensor],
    ) -> None:
        """Take a network on demand, the names of layers, and the weight of every channel of each,
        (1, C, 1, 1).
        """
        self._network, self._layers, self._heads = network, tuple(layers), tuple(heads)

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return one distance a picture, (B,) float32.

        Raises DataError for shapes that differ or pictures that are too small.
        """
        if sr.shape != hr.shape:
            raise DataError(
                f"a picture of shape {tuple(sr.shape)} cannot be compared with {tuple(hr.shape)}",
                hint="crop HR to scale times LR",
            )
        network = self._network(sr.device)
        pairs = zip(network(sr, self._layers), network(hr, self._layers), self._heads, strict=True)
        return torch.stack(
            [_distance(found, wanted, head.to(found)) for found, wanted, head in pairs]
        ).sum(0)


class MeanLPIPS:
    """The mean of LPIPS over a batch, a scalar >= 0; a gradient reaches SR only."""

    def __init__(self, scores: LPIPS) -> None:
        """Take what scores each picture."""
        self._scores = scores

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss of SR and HR (B, 3, H, W) in [0, 1]."""
        return self._scores(sr, hr.detach()).mean()


def pretrained_lpips(net: Net, network: str) -> LPIPS:
    """Return LPIPS with the heads `net` on the pretrained `network`.

    Raises WeightsError when either cannot be had.
    """
    layers = _LAYERS[net]
    found = obtain(entry(network))
    return LPIPS(
        lambda device: features(found, to=layers[-1], device=device), layers, read_heads(net)
    )


def _distance(found: Tensor, wanted: Tensor, head: Tensor) -> Tensor:
    """Return the distance at one layer, mean over positions: (B,)."""
    return ((_unit(found) - _unit(wanted)).square() * head).sum(1).mean((1, 2))


def _unit(maps: Tensor) -> Tensor:
    return maps * maps.square().sum(1, keepdim=True).clamp(min=_TINY).rsqrt()
