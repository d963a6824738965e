"""How do the published files name the tensors of BasicSR's VGG-style discriminator?"""

from typing import Any, Final

from srkit_core.specs import LayoutSpec, Shapes


def _options_of_file(shapes: Shapes) -> dict[str, Any]:
    side = 256 if "conv5_0.weight" in shapes else 128
    return {"features": shapes["conv0_0.weight"][0], "size": side}


VGG_LAYOUTS: Final = [
    LayoutSpec(
        name="vgg-basicsr",
        discriminator="vgg-basicsr",
        marks=(
            r"conv0_0\.weight",
            r"bn0_1\.running_mean",
            r"conv4_1\.weight",
            r"linear1\.weight",
            r"linear2\.weight",
        ),
        options=_options_of_file,
        source="VGGStyleDiscriminator of BasicSR from version 1.0",
    ),
]
"""Names under which other projects store the tensors of the discriminator."""
