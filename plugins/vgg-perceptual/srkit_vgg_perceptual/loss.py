"""How far apart are the VGG features of two pictures?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.pretrained import identify, obtain_first
from srkit_perception import ARCHITECTURES, entries_of, features, untrained
from srkit_perception.feature_extractor import FeatureExtractor
from srkit_vgg_perceptual.vgg_options import AUTO, RANDOM

Distance = Literal["l1", "mse", "squared-l2", "charbonnier", "fro"]
StyleDistance = Literal["squared-fro", "same"]
FeatureSource = Callable[[torch.device, torch.dtype], FeatureExtractor]
"""Gives the network on a device in a dtype, the same one each time."""
Between = Callable[[Tensor, Tensor], Tensor]
"""A distance of the features of SR and HR."""

_CHARBONNIER: Final = 1e-12
"""What BasicSR's Charbonnier loss adds under the root."""


def feature_source(network: str, weights: str, layers: Iterable[str]) -> FeatureSource:
    """Return where the network comes from, as far as the deepest layer.

    Raises WeightsError when its file cannot be had.
    """
    to = ARCHITECTURES[network].deepest(tuple(layers))
    if weights == RANDOM:
        return lambda device, dtype: untrained(network, to=to, device=device, dtype=dtype)
    entries = {entry.name: entry for entry in entries_of(network)}
    if weights == AUTO:
        weights_file = obtain_first(tuple(entries.values()))
    else:
        weights_file = (
            obtain_first((entries[weights],))
            if weights in entries
            else identify(Path(weights), entries.values())
        )
    return lambda device, dtype: features(weights_file, to=to, device=device, dtype=dtype)


def weighted_terms(
    distance: Distance, content: float, style: float, style_distance: StyleDistance
) -> list[tuple[float, Between]]:
    """Return the distance of features and that of their Gram matrices, those that have a weight."""
    between = _DISTANCES[distance]
    of_grams = _squared_frobenius if style_distance == "squared-fro" else between
    terms = [(content, between), (style, _of_grams(of_grams))]
    return [(weight, term) for weight, term in terms if weight > 0]


class FeatureLoss:
    """Weighted sum over layers of a distance of features, and of Gram matrices.

    Takes SR and HR (B, 3, H, W) in [0, 1] and returns a scalar >= 0, in float32. Under autocast in
    bf16 the network computes in that, and what is compared of it in float32. The network is
    none of the loss's own parameters: one serves all losses on a device, and it is never trained
    nor saved.
    """

    def __init__(
        self,
        network: FeatureSource,
        layers: Mapping[str, float],
        terms: Sequence[tuple[float, Between]],
        *,
        gain: bool,
    ) -> None:
        """Take the weight of each layer, and distances of its features with their weights."""
        self._network, self._layers, self._gain = network, dict(layers), gain
        self._terms = terms

    def __call__(self, sr: Tensor, hr: Tensor, /) -> Tensor:
        """Return the loss; a gradient reaches `sr` only.

        Raises DataError for pictures too small for the deepest layer.
        """
        network = self._network(sr.device, _dtype_on(sr.device.type))
        with torch.autocast(sr.device.type, enabled=False):
            return self._distance(network, sr, hr)

    def _distance(self, network: FeatureExtractor, sr: Tensor, hr: Tensor) -> Tensor:
        with torch.no_grad():
            hr_features = network(hr, self._layers)
        sr_features = network(sr, self._layers)
        gains = [network.gain(name) if self._gain else 1.0 for name in self._layers]
        pairs = zip(self._layers.values(), gains, sr_features, hr_features, strict=True)
        return torch.stack(
            [
                weight * self._compare(of_sr.float() / gain, of_hr.float() / gain)
                for weight, gain, of_sr, of_hr in pairs
            ]
        ).sum()

    def _compare(self, sr_maps: Tensor, hr_maps: Tensor) -> Tensor:
        return torch.stack([weight * term(sr_maps, hr_maps) for weight, term in self._terms]).sum()


def _dtype_on(kind: str) -> torch.dtype:
    """Return what the network computes in; features may leave the range of fp16."""
    enabled = torch.is_autocast_enabled(kind)
    half = enabled and torch.get_autocast_dtype(kind) == torch.bfloat16
    return torch.bfloat16 if half else torch.float32


def _of_grams(between: Between) -> Between:
    """Return what a distance says of the Gram matrices of features."""
    return lambda sr_maps, hr_maps: between(_gram(sr_maps), _gram(hr_maps))


def _squared_frobenius(sr_grams: Tensor, hr_grams: Tensor) -> Tensor:
    """Return the squared Frobenius norm of the difference of Gram matrices (Johnson et al. 2016,
    eq. 4), mean over pictures.
    """
    return (sr_grams - hr_grams).square().sum((1, 2)).mean()


def _gram(maps: Tensor) -> Tensor:
    """Return the Gram matrices, (B, C, C), divided by C H W (Johnson et al. 2016, eq. 3)."""
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


def _squared_l2(sr_maps: Tensor, hr_maps: Tensor) -> Tensor:
    """Return the squared Euclidean distance of feature vectors, mean over positions and pictures
    (Ledig et al. 2017, eq. 5).
    """
    return (sr_maps - hr_maps).square().sum(1).mean()


def _charbonnier(sr_maps: Tensor, hr_maps: Tensor) -> Tensor:
    return ((sr_maps - hr_maps).square() + _CHARBONNIER).sqrt().mean()


def _frobenius(sr_maps: Tensor, hr_maps: Tensor) -> Tensor:
    """Return the norm of the difference of all features of the batch together."""
    norm: Tensor = torch.linalg.vector_norm(sr_maps - hr_maps)
    return norm


_DISTANCES: Final[dict[Distance, Between]] = {
    "l1": functional.l1_loss,
    "mse": functional.mse_loss,
    "squared-l2": _squared_l2,
    "charbonnier": _charbonnier,
    "fro": _frobenius,
}
