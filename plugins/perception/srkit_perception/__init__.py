"""Announces pretrained VGG and AlexNet features, which losses and metrics share."""

from typing import TYPE_CHECKING

from srkit_core.hooks import hookimpl
from srkit_core.pretrained import FoundWeights, obtain
from srkit_core.specs import WeightsSpec
from srkit_perception.architectures import ARCHITECTURES, Architecture
from srkit_perception.network_weights import NETWORK_WEIGHTS, entries_of, entry

if TYPE_CHECKING:
    import torch

    from srkit_perception.feature_extractor import FeatureExtractor

__all__ = [
    "ARCHITECTURES",
    "NETWORK_WEIGHTS",
    "Architecture",
    "entries_of",
    "entry",
    "features",
    "srkit_components",
    "untrained",
]


def features(
    network: str | FoundWeights,
    *,
    to: str,
    device: "torch.device | str" = "cpu",
    dtype: "torch.dtype | None" = None,
) -> "FeatureExtractor":
    """Return a frozen pretrained network as far as the layer `to`, such as conv5_4.

    Cached: equal arguments give the same network.

    `network` is the name of an entry, which is downloaded where it is not on this machine, or a
    file that was found. `dtype` is float32 where it is left out. Raises KeyError for a name of no
    entry, ValueError for a name of no layer, WeightsError when the file cannot be had.
    """
    import torch

    from srkit_perception.feature_extractor import trained_network

    weights_file = obtain(entry(network)) if isinstance(network, str) else network
    return trained_network(weights_file, to, torch.device(device), dtype or torch.float32)


def untrained(
    architecture: str,
    *,
    to: str,
    device: "torch.device | str" = "cpu",
    dtype: "torch.dtype | None" = None,
) -> "FeatureExtractor":
    """Return a frozen network with random weights, the same each time.

    `architecture` is vgg19, vgg16 or alexnet; the rest is as for `features`.
    """
    import torch

    from srkit_perception.feature_extractor import untrained_network

    return untrained_network(architecture, to, torch.device(device), dtype or torch.float32)


@hookimpl
def srkit_components() -> list[WeightsSpec]:
    """Announce the networks of NETWORK_WEIGHTS."""
    return list(NETWORK_WEIGHTS)
