"""How alike are two pictures in structure and in texture?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

import srkit_perception
from srkit_core.arrays import read_arrays
from srkit_core.pretrained import FoundWeights

_STABILISER: Final = 1e-6
"""c1 and c2 of Ding et al. 2020, eq. 4 and 5."""


def read_dists_weights(path: Path) -> tuple[Tensor, Tensor]:
    """Return the weights of texture and of structure from the authors' file, 1475 numbers each.

    Raises WeightsError.
    """
    tables = read_arrays(path)
    return tables["alpha"].flatten(), tables["beta"].flatten()


class DISTS:
    """Weighted distance of the means (texture) and covariances (structure) of feature maps (Ding et
    al. 2020, eq. 6).

    The maps are the picture itself and the last of each of VGG16's five stages, whose maximum
    poolings are replaced by smooth ones. Pictures are compared at the size they have.
    """

    def __init__(self, vgg16: FoundWeights, *, alpha: Tensor, beta: Tensor) -> None:
        """Take VGG16's file, and the weights of texture and structure: 1475 each, for 3, 64, 128,
        256, 512 and 512 channels.
        """
        total = alpha.sum() + beta.sum()
        self._vgg16 = vgg16
        self._weights = torch.cat([alpha, beta]) / total

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Score (B, 3, H, W) RGB in [0, 1], of any size: (B,) float32 in [0, 2], 0 for equal
        pictures.
        """
        with torch.autocast(sr.device.type, enabled=False):
            stages = zip(self._maps(sr.float()), self._maps(hr.float()), strict=True)
            texture, structure = zip(
                *(_dissimilarity(one, other) for one, other in stages), strict=True
            )
            return torch.cat([*texture, *structure], 1) @ self._weights.to(sr.device)

    def _maps(self, pictures: Tensor) -> Iterator[Tensor]:
        network = srkit_perception.features(self._vgg16, to="relu5_3", device=pictures.device)
        yield pictures
        maps = network.scaled(pictures)
        for layer in network.layers:
            if isinstance(layer, nn.MaxPool2d):
                yield maps
                maps = _pooled(maps)
            else:
                maps = layer(maps)
        yield maps


def _pooled(maps: Tensor) -> Tensor:
    """Return the root of the mean square under a Hann window of 3 x 3, at every second pixel
    (Hénaff & Simoncelli 2016).
    """
    taps = maps.new_tensor([0.25, 0.5, 0.25])
    channels = maps.shape[1]
    window = (taps[:, None] * taps).expand(channels, 1, 3, 3)
    return (
        functional.conv2d(maps.square(), window, stride=2, padding=1, groups=channels) + 1e-12
    ).sqrt()


def _dissimilarity(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Return 1 minus the similarity of means and 1 minus that of structure (eq. 4 and 5), of each
    channel of (B, C, H, W): (B, C) each.

    Written with the difference of the maps, so that equal pictures give exactly 0.
    """
    difference = one - other
    texture = difference.mean((2, 3)).square() / (
        one.mean((2, 3)).square() + other.mean((2, 3)).square() + _STABILISER
    )
    return texture, _variance(difference) / (_variance(one) + _variance(other) + _STABILISER)


def _variance(maps: Tensor) -> Tensor:
    return maps.var((2, 3), correction=0)
