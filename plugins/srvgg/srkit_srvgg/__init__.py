"""Announces the compact VGG-style generator."""

import re
from collections.abc import Mapping
from math import isqrt
from typing import Any, Final

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Generator
from srkit_core.specs import GeneratorSpec, LayoutSpec, Shapes, WeightsSpec, numbered
from srkit_srvgg.srvgg_weights import SRVGG_WEIGHTS

_COLOURS: Final = 3


def srvgg(*, scale: int, features: Count = 64, blocks: Count = 16) -> Generator:
    """A plain stack of convolutions on the LR grid, one pixel shuffle, and enlarged LR added: quick
    on a CPU.

    Args:
        features: channels throughout.
        blocks: number of convolutions between the first and the last, the depth.
    """
    from srkit_srvgg.model import SRVGGNet

    return SRVGGNet(scale=scale, features=features, blocks=blocks)


def _options_of_file(shapes: Shapes) -> dict[str, Any]:
    channels = shapes["body.0.weight"][1]
    if channels != _COLOURS:
        raise ValueError(
            f"it is for pictures of {channels} channel{'s' * (channels > 1)}, and srvgg for red, "
            "green and blue; with srkit-spandrel installed one channel is read too"
        )
    last = max(
        int(name.split(".")[1]) for name in shapes if re.fullmatch(r"body\.\d+\.weight", name)
    )
    return {
        "scale": isqrt(shapes[f"body.{last}.weight"][0] // 3),
        "features": shapes["body.0.weight"][0],
        "blocks": (numbered(shapes, "body") - 3) // 2,
    }


def _write(options: Mapping[str, Any], tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    return tensors


_LAYOUTS: Final = [
    LayoutSpec(
        name="srvgg",
        generator="srvgg",
        marks=(r"body\.0\.weight", r"body\.1\.weight", r"body\.2\.weight", r"body\.2\.bias"),
        options=_options_of_file,
        write=_write,
        architecture="compact",
        source="SRVGGNetCompact of BasicSR and Real-ESRGAN",
    ),
    LayoutSpec(
        name="srvgg-ncnn",
        generator="srvgg",
        marks=(r"ncnn\.0\.\d+\.weight", r"ncnn\.1\.\d+\.slope", r"ncnn\.2\.\d+\.bias"),
        renames=(
            (r"ncnn\.(\d*[13579])\.\d+\.slope", r"body.\1.weight"),
            (r"ncnn\.(\d*[02468])\.\d+\.(.*)", r"body.\1.\2"),
        ),
        options=_options_of_file,
        source="SRVGGNetCompact as ncnn keeps it: layers in the order of execution, without names",
    ),
]
"""Names under which other projects store the tensors of SRVGGNetCompact."""


def _receptive(options: Mapping[str, Any], /) -> int:
    """Count the convolutions, which reach one pixel each."""
    return int(options["blocks"]) + 2


def _opened_by(options: Mapping[str, Any], /) -> str:
    return "tools that read Real-ESRGAN's SRVGGNetCompact: BasicSR, Real-ESRGAN, chaiNNer, ComfyUI"


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
            receptive=_receptive,
            opened_by=_opened_by,
        ),
        *_LAYOUTS,
        *SRVGG_WEIGHTS,
    ]
