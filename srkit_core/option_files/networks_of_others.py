"""Which of other trainers' networks are here, and what are their options called?"""

from collections.abc import Mapping
from typing import Final

from srkit_core.option_files.sayings import At, CannotBeSaid, SaidOtherwise
from srkit_core.option_files.ways import By, Counterpart, OptionWay, Same

_RGB: Final = Same("networks see RGB", (3,))


def _scale(at: At) -> SaidOtherwise | CannotBeSaid:
    if at.value == at.options.get("scale", 1):
        return SaidOtherwise("the recipe's scale")
    return CannotBeSaid("a network's scale is that of the recipe")


SCALE: Final = By("the recipe's `scale`", _scale)
"""An option that repeats the scale of the whole file."""

CHANNELS: Final[Mapping[str, OptionWay]] = {"num_in_ch": _RGB, "num_out_ch": _RGB}
"""Numbers of colours."""

RGB_MEAN: Final[Mapping[str, OptionWay]] = {
    "res_scale": "res_scale",
    "img_range": "img_range",
    "rgb_mean": "rgb_mean",
    "upscale": SCALE,
}
"""Options that EDSR and RCAN share."""

GENERATORS: Final[Mapping[str, Counterpart]] = {
    "RRDBNet": Counterpart(
        "rrdb(upsampler=nearest)",
        {
            **CHANNELS,
            "scale": SCALE,
            "num_feat": "features",
            "num_block": "blocks",
            "num_grow_ch": "growth",
        },
    ),
    "MSRResNet": Counterpart(
        "srresnet(layout=msr)",
        {**CHANNELS, "num_feat": "features", "num_block": "blocks", "upscale": SCALE},
    ),
    "EDSR": Counterpart(
        "edsr", {**CHANNELS, "num_feat": "features", "num_block": "blocks", **RGB_MEAN}
    ),
    "RCAN": Counterpart(
        "rcan",
        {
            **CHANNELS,
            "num_feat": "features",
            "num_group": "groups",
            "num_block": "blocks",
            "squeeze_factor": "reduction",
            **RGB_MEAN,
        },
    ),
    "SRVGGNetCompact": Counterpart(
        "srvgg",
        {
            **CHANNELS,
            "num_feat": "features",
            "num_conv": "blocks",
            "upscale": SCALE,
            "act_type": Same("activations of `srvgg` are PReLU", ("prelu",)),
        },
    ),
}
"""Generators of BasicSR by their type."""

DISCRIMINATORS: Final[Mapping[str, Counterpart]] = {
    "VGGStyleDiscriminator": Counterpart(
        "vgg-basicsr", {"num_in_ch": _RGB, "num_feat": "features", "input_size": "size"}
    ),
    "UNetDiscriminatorSN": Counterpart(
        "unet-sn", {"num_in_ch": _RGB, "num_feat": "features", "skip_connection": "skip"}
    ),
}
"""Discriminators of BasicSR by their type."""
