"""How do other projects' files name the tensors of SRResNet?"""

from math import isqrt
from typing import Any, Final

from srkit_core.specs import LayoutSpec, Shapes, numbered

_TORCH_EPS: Final = 1e-5
_KERAS_EPS: Final = 1e-3


def _srgan(shapes: Shapes) -> dict[str, Any]:
    """Read the options of SRResNet.

    A slope a channel is how Keras shares a PReLU over positions, and its batch normalisation has
    the eps 1e-3; one slope is torch's PReLU, whose normalisation has 1e-5. Both train a Tanh head
    that is brought to [0, 1].
    """
    features = shapes["conv_in.weight"][0]
    channelwise = shapes["act_in.weight"][0] > 1
    norm = (
        {"norm": "batch", "bn_eps": _KERAS_EPS if channelwise else _TORCH_EPS}
        if "bn_mid.weight" in shapes
        else {"norm": "none"}
    )
    return {
        "scale": isqrt(shapes["up1.weight"][0] // features) * (2 if "up2.weight" in shapes else 1),
        "layout": "srgan",
        "blocks": numbered(shapes, "body"),
        "features": features,
        "head": "tanh",
        "skip": "after",
        "slopes": "channel" if channelwise else "one",
        **norm,
    }


def _msr(shapes: Shapes) -> dict[str, Any]:
    features = shapes["conv_first.weight"][0]
    return {
        "scale": isqrt(shapes["upconv1.weight"][0] // features)
        * (2 if "upconv2.weight" in shapes else 1),
        "layout": "msr",
        "blocks": numbered(shapes, "body"),
        "features": features,
        "head": "linear",
        "norm": "none",
    }


SRRESNET_LAYOUTS: Final = [
    LayoutSpec(
        name="srgan",
        generator="srresnet",
        marks=(
            r"conv_in\.weight",
            r"act_in\.weight",
            r"body\.0\.conv1\.weight",
            r"conv_mid\.weight",
            r"up1\.weight",
            r"conv_out\.weight",
        ),
        options=_srgan,
        source="SRResNet of Ledig et al. 2017 under srkit's names; with a slope a channel, as "
        "converted from TensorFlow",
    ),
    LayoutSpec(
        name="basicsr-msrresnet",
        generator="srresnet",
        marks=(
            r"conv_first\.weight",
            r"body\.0\.conv1\.weight",
            r"upconv1\.weight",
            r"conv_hr\.weight",
        ),
        options=_msr,
        source="MSRResNet of BasicSR from version 1.0",
    ),
    LayoutSpec(
        name="basicsr-msrresnet-2018",
        generator="srresnet",
        marks=(
            r"conv_first\.weight",
            r"recon_trunk\.0\.conv1\.weight",
            r"upconv1\.weight",
            r"HRconv\.weight",
        ),
        renames=((r"recon_trunk\.(.*)", r"body.\1"), (r"HRconv\.(.*)", r"conv_hr.\1")),
        options=_msr,
        source="MSRResNet of BasicSR before version 1.0 (MMSR)",
    ),
]
"""Names under which other projects store the tensors of SRResNet."""
