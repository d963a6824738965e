"""How far apart are two pictures in the eyes of a classifier?"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.pretrained import identify, obtain_first
from srkit_perception import entries_of, features, untrained
from srkit_perception.networks import Features
from srkit_vgg_perceptual.wishes import AUTO, RANDOM

Distance = Literal["l1", "mse", "squared-l2"]
Source = Callable[[torch.device], Features]
"""Gives the network on a device, the same one each time."""


def source(network: str, weights: str, to: str) -> Source:
    """Return where the network comes from, as far as the layer `to`.

    Raises WeightsError when its file cannot be had.
    """
    if weights == RANDOM:
        return lambda device: untrained(network, to=to, device=device)
    entries = {entry.name: entry for entry in entries_of(network)}
    if weights == AUTO:
        found = obtain_first(tuple(entries.values()))
    else:
        found = (
            obtain_first((entries[weights],))
            if weights in entries
            else identify(Path(weights), entries.values())
        )
    return lambda device: features(found, to=to, device=device)


class FeatureLoss:
    """Weighted sum over layers of a distance of features, and of Gram matrices.

    Takes SR and HR (B, 3, H, W) in [0, 1] and returns a scalar >= 0, in float32. The network is
    none of the loss's own parameters: one serves all losses on a device, and it is never trained
    nor saved.
    """

    def __init__(
        self,
        network: Source,
        layers: Mapping[str, float],
        *,
        distance: Distance,
        content: float,
        style: float,
        gain: bool,
    ) -> None:
        """Take the weight of each layer, and those of the distance (`content`) and of the Gram
        matrices (`style`).
        """
        self._network, self._layers, self._gain = network, dict(layers), gain
        terms = [(content, _DISTANCES[distance]), (style, gram_distance)]
        self._terms = [(weight, term) for weight, term in terms if weight > 0]

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss; a gradient reaches `sr` only.

        Raises DataError for pictures too small for the deepest layer.
        """
        network = self._network(sr.device)
        with torch.no_grad():
            wanted = network(hr, self._layers)
        found = network(sr, self._layers)
        scales = [network.gain(name) if self._gain else 1.0 for name in self._layers]
        pairs = zip(self._layers.values(), scales, found, wanted, strict=True)
        return torch.stack(
            [
                weight * self._compare(ours / scale, theirs / scale)
                for weight, scale, ours, theirs in pairs
            ]
        ).sum()

    def _compare(self, found: Tensor, wanted: Tensor) -> Tensor:
        return torch.stack([weight * term(found, wanted) for weight, term in self._terms]).sum()


def gram_distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Return the squared Frobenius norm of the difference of Gram matrices (Johnson et al. 2016,
    eq. 4), mean over pictures.
    """
    return (_gram(found) - _gram(wanted)).square().sum((1, 2)).mean()


def _gram(maps: Tensor) -> Tensor:
    """Return which channels (B, C, H, W) go together: (B, C, C), divided by C H W (Johnson et al.
    2016, eq. 3).
    """
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


def _squared_l2(found: Tensor, wanted: Tensor) -> Tensor:
    """Return the squared Euclidean distance of feature vectors, mean over positions and pictures
    (Ledig et al. 2017, eq. 5).
    """
    return (found - wanted).square().sum(1).mean()


_DISTANCES: Final[dict[Distance, Callable[[Tensor, Tensor], Tensor]]] = {
    "l1": functional.l1_loss,
    "mse": functional.mse_loss,
    "squared-l2": _squared_l2,
}
