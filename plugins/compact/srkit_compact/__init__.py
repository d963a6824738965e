"""Announces small trained models, and the recipes that they were trained by."""

from pathlib import Path
from typing import Final

from srkit_core.hooks import hookimpl
from srkit_core.specs import RecipeSpec, Shipped, WeightsFile, WeightsSpec

_FOLDER: Final = Path(__file__).parent
_PARAMETERS: Final = {2: 173_244, 4: 188_832}
"""By scale: the last layer makes scale * scale * 3 channels."""


def _weights(
    name: str, sha256: str, size: int, summary: str, scored: str, *, scale: int
) -> WeightsSpec:
    shipped = Shipped(_FOLDER / f"{name}.safetensors")
    return WeightsSpec(
        name=name,
        files=(WeightsFile(sha256=sha256, size=size, sources=(shipped,)),),
        licence="Apache-2.0",
        summary=summary,
        source=f"srvgg, trained by the recipe {name} on the photographs of photographs.tsv",
        generator="srvgg(features=48, blocks=8)",
        scale=scale,
        parameters=_PARAMETERS[scale],
        scored=scored,
    )


def _recipe(name: str, summary: str) -> RecipeSpec:
    return RecipeSpec(name=name, file=_FOLDER / f"{name}.toml", summary=summary)


_COMPONENTS = (
    _weights(
        "compact-x2",
        "96458274d97ecc54527951c4a05ae1a4062ed7deb0f7b407ace64001e3d19838",
        698_672,
        "a small model for clean pictures, twice as large, quick on a CPU",
        "Set5 x2: 37.45 dB PSNR-Y, bicubic 33.67",
        scale=2,
    ),
    _weights(
        "compact-x4",
        "d42b64eed784915ddb5572237e4c18959e37b0f4dd13d5a00e33aa62634b8005",
        760_184,
        "a small model for clean pictures, quick on a CPU",
        "Set5 x4: 31.21 dB PSNR-Y, bicubic 28.43",
        scale=4,
    ),
    _weights(
        "compact-photo-x2",
        "ee1e005a4314923798e200f438d6cbb4be3631a920eef22193c2af4541e82d62",
        699_176,
        "as compact-photo-x4, twice as large",
        "five degraded photographs x2: LPIPS 0.113, bicubic 0.166",
        scale=2,
    ),
    _weights(
        "compact-photo-x4",
        "141824e3e765f40cd15a610b6b12e878098a8a411ec121ec805e75cb74eac487",
        760_480,
        "a small model for photographs as cameras and phones leave them, quick on a CPU",
        "five degraded photographs x4: LPIPS 0.188, bicubic 0.310",
        scale=4,
    ),
    _recipe("compact-x2", "a small model for clean pictures x2, four minutes on a GPU"),
    _recipe("compact-x4", "a small model for clean pictures, forty minutes on one core"),
    _recipe("compact-photo-x2", "a small model for photographs x2, four minutes on a GPU"),
    _recipe("compact-photo-x4", "a small model for photographs of cameras and phones"),
)


@hookimpl
def srkit_components() -> list[RecipeSpec | WeightsSpec]:
    """Announce the models, and their recipes under the same names."""
    return list(_COMPONENTS)
