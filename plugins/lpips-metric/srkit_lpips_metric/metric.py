"""How different do two pictures look to people, as LPIPS learnt it?"""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import torch
from torch import Tensor

from srkit_core.arrays import read_arrays
from srkit_core.errors import DataError, WeightsError
from srkit_core.pretrained import obtain
from srkit_perception import entry, features
from srkit_perception.feature_extractor import FeatureExtractor

Net = Literal["alex", "vgg"]

_LAYERS: Final[dict[Net, tuple[str, ...]]] = {
    "alex": ("relu1", "relu2", "relu3", "relu4", "relu5"),
    "vgg": ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"),
}
_VERSION: Final = "v0.1"
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
        network: Callable[[torch.device], FeatureExtractor],
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
            [_distance(of_sr, of_hr, head.to(of_sr)) for of_sr, of_hr, head in pairs]
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
    weights_file = obtain(entry(network))
    return LPIPS(
        lambda device: features(weights_file, to=layers[-1], device=device),
        layers,
        read_heads(net),
    )


def _distance(sr_maps: Tensor, hr_maps: Tensor, head: Tensor) -> Tensor:
    """Return the distance at one layer, mean over positions: (B,)."""
    return ((_unit(sr_maps) - _unit(hr_maps)).square() * head).sum(1).mean((1, 2))


def _unit(maps: Tensor) -> Tensor:
    return maps * maps.square().sum(1, keepdim=True).clamp(min=_TINY).rsqrt()


def read_heads(net: str) -> tuple[Tensor, ...]:
    """Return a weight >= 0 for each channel, (1, C, 1, 1), of each of the five layers that LPIPS
    compares.

    `net` is alex or vgg. Raises WeightsError when the package is not installed as it should be.
    """
    arrays = read_arrays(_lpips_folder() / "weights" / _VERSION / f"{net}.pth")
    return tuple(arrays[key] for key in sorted(arrays))


def _lpips_folder() -> Path:
    spec = importlib.util.find_spec("lpips")
    if spec is None or spec.origin is None:
        raise WeightsError(
            "the package lpips, which holds the weights of LPIPS, is not installed",
            hint="pip install lpips",
        )
    return Path(spec.origin).parent
