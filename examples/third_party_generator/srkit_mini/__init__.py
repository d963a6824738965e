"""Announces the generator `mini`, weights of it, and a layout of older files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Generator
from srkit_core.specs import (
    GeneratorSpec,
    LayoutSpec,
    Shapes,
    Shipped,
    WeightsFile,
    WeightsSpec,
    numbered,
)


def mini(*, scale: int, features: Count = 16, blocks: Count = 4) -> Generator:
    """Gated blocks of depthwise convolutions on the LR grid, and enlarged LR added.

    Args:
        features: channels between blocks.
        blocks: number of gated blocks, the depth.
    """
    from srkit_mini.model import MiniNet

    return MiniNet(scale=scale, features=features, blocks=blocks)


def _receptive(options: Mapping[str, Any], /) -> int:
    """How many LR pixels away a pixel of SR still looks: one for each 3x3 convolution in a row."""
    blocks: int = options["blocks"]
    return 1 + blocks + 1


def _options(shapes: Shapes) -> dict[str, int]:
    """Read what the generator was built with from the shapes, under its own names."""
    return {
        "scale": round((shapes["last.weight"][0] / 3) ** 0.5),
        "features": shapes["first.weight"][0],
        "blocks": numbered(shapes, "body"),
    }


def _write(options: Mapping[str, Any], tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tensors of an older file, for `srkit export`."""
    return {_older_name(name): value for name, value in tensors.items()}


def _older_name(name: str) -> str:
    for new, old in (
        ("first", "stem"),
        ("last", "to_rgb"),
        ("body", "stages"),
        ("depthwise", "spatial"),
        ("reduce", "project"),
    ):
        name = name.replace(f"{new}.", f"{old}.")
    return name


_MINI = GeneratorSpec(
    name="mini",
    factory=mini,
    summary="gated blocks of depthwise convolutions",
    source="empirical",
    licence="Apache-2.0",
    small="mini(features=8, blocks=1)",
    scales=(2, 3, 4),
    receptive=_receptive,
    body="body",
    interface=1,
)

_OLDER_FILES = LayoutSpec(
    name="mini-lab",
    generator="mini",
    marks=(r"stem\.weight", r"stages\.0\.spatial\.weight", r"to_rgb\.weight"),
    renames=(
        (r"stem\.(.*)", r"first.\1"),
        (r"stages\.(\d+)\.expand\.(.*)", r"body.\1.expand.\2"),
        (r"stages\.(\d+)\.spatial\.(.*)", r"body.\1.depthwise.\2"),
        (r"stages\.(\d+)\.project\.(.*)", r"body.\1.reduce.\2"),
        (r"to_rgb\.(.*)", r"last.\1"),
        (r"iteration", ""),
    ),
    options=_options,
    write=_write,
    source="the author's training code before there was srkit",
    interface=4,
)

_MINI_X4 = WeightsSpec(
    name="mini-x4",
    files=(
        WeightsFile(
            sha256="847d4bfbd9e2c049105514afeb51a179812fa8c64f04fd7faa7dfdc4ce27ae7b",
            size=52_072,
            sources=(Shipped(Path(__file__).with_name("mini-x4.safetensors")),),
        ),
    ),
    licence="CC0-1.0",
    summary="a tiny model for enlarging photographs four times",
    source="mini, trained on srkit's bundled photographs by training/mini-x4.toml",
    interface=1,
)


@hookimpl
def srkit_components() -> list[GeneratorSpec | LayoutSpec | WeightsSpec]:
    """Announce `mini`, `mini-lab` and `mini-x4`."""
    return [_MINI, _OLDER_FILES, _MINI_X4]
