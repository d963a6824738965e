"""Announces pretrained VGG and AlexNet features for losses and metrics, and hands them out."""

from typing import TYPE_CHECKING

from srkit_core.hooks import hookimpl
from srkit_core.pretrained import FoundWeights, obtain
from srkit_core.specs import WeightsSpec
from srkit_perception.architectures import ARCHITECTURES, Architecture
from srkit_perception.entries import ENTRIES, entries_of, entry

if TYPE_CHECKING:
    import torch

    from srkit_perception.networks import Features

__all__ = [
    "ARCHITECTURES",
    "ENTRIES",
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
) -> "Features":
    """Return a frozen pretrained network as far as the layer `to`, such as conv5_4.

    One for all who ask alike.

    `network` is the name of an entry, which is downloaded where it is not on this machine, or a
    file that was found. `dtype` is float32 where it is left out. Raises KeyError for a name of no
    entry, ValueError for a name of no layer, WeightsError when the file cannot be had.
    """
    import torch

    from srkit_perception.networks import trained

    found = obtain(entry(network)) if isinstance(network, str) else network
    return trained(found, to, torch.device(device), dtype or torch.float32)


def untrained(
    architecture: str,
    *,
    to: str,
    device: "torch.device | str" = "cpu",
    dtype: "torch.dtype | None" = None,
) -> "Features":
    """Return a frozen network that has learnt nothing, for who asks for it: the same numbers each
    time.

    `architecture` is vgg19, vgg16 or alexnet; the rest is as for `features`.
    """
    import torch

    from srkit_perception.networks import untrained as drawn

    return drawn(architecture, to, torch.device(device), dtype or torch.float32)


@hookimpl
def srkit_components() -> list[WeightsSpec]:
    """Announce the networks of ENTRIES."""
    return list(ENTRIES)
