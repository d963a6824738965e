"""Announces small trained models, and the recipes that they were trained by."""

from pathlib import Path

from srkit_core.hooks import hookimpl
from srkit_core.specs import RecipeSpec, Shipped, WeightsFile, WeightsSpec

_FOLDER = Path(__file__).parent


def _weights(name: str, sha256: str, size: int, summary: str, scored: str) -> WeightsSpec:
    shipped = Shipped(_FOLDER / f"{name}.safetensors")
    return WeightsSpec(
        name=name,
        files=(WeightsFile(sha256=sha256, size=size, sources=(shipped,)),),
        licence="Apache-2.0",
        summary=summary,
        source=f"srvgg, trained by the recipe {name} on the photographs of photographs.tsv",
        generator="srvgg(features=48, blocks=8)",
        scale=4,
        parameters=188_832,
        scored=scored,
    )


def _recipe(name: str, summary: str) -> RecipeSpec:
    return RecipeSpec(name=name, file=_FOLDER / f"{name}.toml", summary=summary)


_COMPONENTS = (
    _weights(
        "compact-x4",
        "d42b64eed784915ddb5572237e4c18959e37b0f4dd13d5a00e33aa62634b8005",
        760_184,
        "a small model for clean pictures, quick on a CPU",
        "Set5 x4: 31.21 dB PSNR-Y, bicubic 28.43",
    ),
    _weights(
        "compact-photo-x4",
        "141824e3e765f40cd15a610b6b12e878098a8a411ec121ec805e75cb74eac487",
        760_480,
        "a small model for photographs as cameras and phones leave them, quick on a CPU",
        "five degraded photographs x4: LPIPS 0.188, bicubic 0.310",
    ),
    _recipe("compact-x4", "a small model for clean pictures, forty minutes on one core"),
    _recipe("compact-photo-x4", "a small model for photographs of cameras and phones"),
)


@hookimpl
def srkit_components() -> list[RecipeSpec | WeightsSpec]:
    """Announce the models, and their recipes under the same names."""
    return list(_COMPONENTS)
