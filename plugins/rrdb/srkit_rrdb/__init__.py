"""Announces the RRDB generator."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Generator
from srkit_core.specs import EVERYWHERE, GeneratorSpec, LayoutSpec, WeightsSpec
from srkit_rrdb.rrdb_layouts import RRDB_LAYOUTS
from srkit_rrdb.rrdb_weights import RRDB_WEIGHTS

ENLARGEMENT: Final = 4
"""What the two upsampling stages make of the body's grid: SR is always so many times as large as
it.
"""
PUBLISHED_GROWTH: Final = 32
"""The growth of all published weights, which tools that read no options take for granted."""
WINDOW: Final = 8
"""Side of the windows of self-attention in pixels of the body's grid: Liang et al. 2021 (SwinIR),
section 4.1.
"""
_SEEN: Final = 72
"""Pixels of the body's grid around one that matter: nothing further away changed SR of
realesrgan-x4plus by more than a step of 8 bit, on the photographs that were tried from 59 on
(empirical; docs/upscaling.md).
"""


def rrdb(
    *,
    scale: int,
    blocks: Count = 23,
    features: Count = 64,
    growth: Count = PUBLISHED_GROWTH,
    upsampler: Literal["pixelshuffle", "nearest"] = "pixelshuffle",
    attention: Literal["none", "channel", "self"] = "none",
) -> Generator:
    """Residual-in-residual dense blocks without normalisation.

    The state dict has ESRGAN's published names.

    The body works on a grid of a quarter of SR's sides: LR itself at x4; at x2 and x1
    pixel-unshuffle folds LR by 2 and by 4 to that grid, as in the published Real-ESRGAN weights.

    Args:
        blocks: number of residual-in-residual dense blocks, the depth.
        features: channels between blocks.
        growth: channels each convolution of a dense block adds.
        upsampler: per factor 2, a convolution to four times the channels and a pixel shuffle, or
            nearest-neighbour enlargement and a convolution (the layout of the published ESRGAN and
            Real-ESRGAN weights).
        attention: what the branch of each block passes before it is added: nothing; RCAN's channel
            attention, which weighs channels by their means over the picture; or SAGAN's
            self-attention, in windows of 8 x 8 pixels of the grid.
    """
    from srkit_rrdb.model import RRDBNet

    return RRDBNet(
        fold=ENLARGEMENT // scale,
        blocks=blocks,
        features=features,
        growth=growth,
        upsampler=upsampler,
        attention=attention,
    )


def _size_multiple(options: Mapping[str, Any], /) -> int:
    fold: int = ENLARGEMENT // options["scale"]
    return fold * WINDOW if options["attention"] == "self" else fold


def _receptive(options: Mapping[str, Any], /) -> int:
    """Count the convolutions, 15 a block, as far as what they see matters; channel attention sees
    everything.
    """
    if options["attention"] == "channel":
        return EVERYWHERE
    fold: int = ENLARGEMENT // options["scale"]
    seen = _SEEN if options["attention"] == "self" else min(15 * options["blocks"] + 4, _SEEN)
    return fold * seen


def _opened_by(options: Mapping[str, Any], /) -> str:
    """Say who reads it: the published RRDBNet enlarges by `nearest` and knows no attention."""
    wanted = {"upsampler": "nearest", "attention": "none"}
    changes = [f"{name}={value}" for name, value in wanted.items() if options[name] != value]
    if changes:
        return f"no other tool; with {', '.join(changes)}, those that read ESRGAN's RRDBNet"
    if options["growth"] != PUBLISHED_GROWTH:
        return f"BasicSR, as its RRDBNet with num_grow_ch={options['growth']}"
    return "tools that read ESRGAN's RRDBNet: BasicSR, Real-ESRGAN, chaiNNer, ComfyUI"


@hookimpl
def srkit_components() -> list[GeneratorSpec | LayoutSpec | WeightsSpec]:
    """Announce `rrdb`, how other projects name its tensors, and known weights."""
    return [
        GeneratorSpec(
            name="rrdb",
            factory=rrdb,
            summary="residual-in-residual dense blocks (ESRGAN, Real-ESRGAN)",
            body="body",
            small="rrdb(blocks=1, features=8, growth=4)",
            source="Wang et al. 2018 (ESRGAN), section 3.1 and figure 4; the nearest upsampler is "
            "that of its published code; "
            "x2 and x1: Wang et al. 2021 (Real-ESRGAN), section 3.4 and figure 4; attention: "
            "Zhang et al. 2018 (RCAN), section 3.3, "
            "and Zhang et al. 2019 (SAGAN), section 3",
            scales=(1, 2, 4),
            size_multiple=_size_multiple,
            receptive=_receptive,
            opened_by=_opened_by,
        ),
        *RRDB_LAYOUTS,
        *RRDB_WEIGHTS,
    ]
