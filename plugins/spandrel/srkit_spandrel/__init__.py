"""Announces the networks of spandrel, and the files that it recognises."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Generator
from srkit_core.specs import EVERYWHERE, ForeignNetwork, GeneratorSpec, LayoutSpec

SEE_EVERYTHING: Final = frozenset(
    {"HVICIDNet", "MixDehazeNet", "RetinexFormer", "SCUNet", "SwinIR"}
)
"""Architectures whose pictures spandrel 0.4 advises against cutting into tiles."""
NEAR: Final = 32
"""How far the others look (empirical)."""


def spandrel(*, scale: int, network: str) -> Generator:
    """A network of the library spandrel, for pictures of any size, padded as spandrel pads them.

    Args:
        network: its architecture with its own parameters, such as "DAT(embed_dim=60, depth=[2,
            2])"; those left out are the architecture's defaults, and the scale is filled in.
    """
    from srkit_spandrel.model import make_network

    return make_network(network, scale)


def _recognises(names: Collection[str]) -> bool:
    from srkit_spandrel.foreign_files import is_known

    return is_known(names)


def _reads(tensors: Mapping[str, Any]) -> ForeignNetwork:
    from srkit_spandrel.foreign_files import read_network

    return read_network(tensors)


def _write(options: Mapping[str, Any], tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name.removeprefix("module."): value for name, value in tensors.items()}


def _receptive(options: Mapping[str, Any], /) -> int:
    architecture = str(options["network"]).partition("(")[0].partition("/")[0].strip()
    return EVERYWHERE if architecture in SEE_EVERYTHING else NEAR


def _opened_by(options: Mapping[str, Any], /) -> str:
    return "tools that read with spandrel, such as chaiNNer and ComfyUI"


@hookimpl
def srkit_components() -> list[GeneratorSpec | LayoutSpec]:
    """Announce the generator `spandrel`, and the files that spandrel recognises."""
    return [
        GeneratorSpec(
            name="spandrel",
            factory=spandrel,
            summary="any network of the library spandrel: SwinIR, HAT, DAT, SPAN and many more",
            small='spandrel(network="MoSR(n_block=1, dim=8)")',
            source="the library spandrel; each architecture's paper is named in its README",
            scales=(1, 2, 3, 4, 8),
            receptive=_receptive,
            opened_by=_opened_by,
        ),
        LayoutSpec(
            name="spandrel",
            generator="spandrel",
            recognises=_recognises,
            renames=((r"(.+)", r"module.\1"),),
            reads=_reads,
            write=_write,
            source="every project whose files the library spandrel recognises",
        ),
    ]
