"""How do the published files name the tensors of the U-Net discriminator?"""

from typing import Any, Final

from srkit_core.specs import LayoutSpec, Shapes

_NORMALISED: Final = "parametrizations.weight"


def _options_of_file(shapes: Shapes) -> dict[str, Any]:
    return {"features": shapes["conv0.weight"][0]}


def _usual(shapes: Shapes, /) -> dict[str, Any]:
    """Say what shapes do not show: the published discriminator adds what it skips."""
    return {"skip": True}


UNET_LAYOUTS: Final = [
    LayoutSpec(
        name="unet-sn-basicsr",
        discriminator="unet-sn",
        marks=(
            r"conv0\.weight",
            r"conv1\.weight_orig",
            r"conv8\.weight_orig",
            r"conv8\.weight_u",
            r"conv9\.weight",
        ),
        renames=(
            (r"(conv\d)\.weight_orig", rf"\1.{_NORMALISED}.original"),
            (r"(conv\d)\.weight_u", rf"\1.{_NORMALISED}.0._u"),
            (r"(conv\d)\.weight_v", rf"\1.{_NORMALISED}.0._v"),
        ),
        options=_options_of_file,
        usual=_usual,
        source="UNetDiscriminatorSN of BasicSR and Real-ESRGAN, with the names that torch's "
        "spectral_norm of before 1.9 gives",
    ),
]
"""Names under which other projects store the tensors of the U-Net discriminator."""
