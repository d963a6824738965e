"""Announces the compact VGG-style generator."""

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Generator
from srkit_core.specs import GeneratorSpec, LayoutSpec, WeightsSpec
from srkit_srvgg.entries import ENTRIES
from srkit_srvgg.layouts import LAYOUTS


def srvgg(*, scale: int, features: Count = 64, blocks: Count = 16) -> Generator:
    """A plain stack of convolutions on the LR grid, one pixel shuffle, and enlarged LR added: quick
    on a CPU.

    Args:
        features: channels throughout.
        blocks: number of convolutions between the first and the last, the depth.
    """
    from srkit_srvgg.model import SRVGGNet

    return SRVGGNet(scale=scale, features=features, blocks=blocks)


@hookimpl
def srkit_components() -> list[GeneratorSpec | LayoutSpec | WeightsSpec]:
    """Announce `srvgg`, how other projects name its tensors, and known weights."""
    return [
        GeneratorSpec(
            name="srvgg",
            factory=srvgg,
            summary="compact VGG-style network with a nearest-neighbour skip (Real-ESRGAN)",
            small="srvgg(features=8, blocks=1)",
            source="SRVGGNetCompact in the code of Wang et al. 2021 (Real-ESRGAN); it has no "
            "paper of its own",
            scales=(1, 2, 3, 4),
        ),
        *LAYOUTS,
        *ENTRIES,
    ]
