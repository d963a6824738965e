"""How do other projects' files name the tensors of SRResNet?"""

from collections.abc import Mapping
from math import isqrt
from typing import Any, Final

from srkit_core.specs import LayoutSpec, Shapes, numbered

_TORCH_EPS: Final = 1e-5
_KERAS_EPS: Final = 1e-3
_SMALL_SRGAN: Final = "srresnet(blocks=1, features=8, head=tanh, norm=batch)"
_SMALL_MSR: Final = "srresnet(layout=msr, blocks=1, features=8, head=linear, norm=none)"


def _srgan(shapes: Shapes) -> dict[str, Any]:
    features = shapes["conv_in.weight"][0]
    return {
        "scale": isqrt(shapes["up1.weight"][0] // features) * (2 if "up2.weight" in shapes else 1),
        "layout": "srgan",
        "blocks": numbered(shapes, "body"),
        "features": features,
        "slopes": "channel" if shapes["act_in.weight"][0] > 1 else "one",
        **_norm(shapes),
    }


def _norm(shapes: Shapes) -> dict[str, Any]:
    """Read the normalisation; without one there is no eps that could be another."""
    if "bn_mid.weight" in shapes:
        return {"norm": "batch"}
    return {"norm": "none", "bn_eps": _TORCH_EPS}


def _usual(shapes: Shapes) -> dict[str, Any]:
    """Say what shapes do not show.

    A slope a channel is how Keras shares a PReLU over positions, and its batch normalisation has
    the eps 1e-3; one slope is torch's PReLU, whose normalisation has 1e-5. Both train a Tanh head
    that is brought to [0, 1].
    """
    keras = "bn_mid.weight" in shapes and shapes["act_in.weight"][0] > 1
    return {"head": "tanh", "skip": "after", "bn_eps": _KERAS_EPS if keras else _TORCH_EPS}


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
        "skip": "after",
        "slopes": "one",
        "bn_eps": _TORCH_EPS,
    }


def _write_msr(options: Mapping[str, Any], tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    if options["layout"] != "msr":
        raise ValueError("BasicSR's MSRResNet is srresnet(layout=msr)")
    return tensors


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
        small=_SMALL_SRGAN,
        usual=_usual,
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
        small=_SMALL_MSR,
        write=_write_msr,
        architecture="sr-res-net",
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
        small=_SMALL_MSR,
        source="MSRResNet of BasicSR before version 1.0 (MMSR)",
    ),
]
"""Names under which other projects store the tensors of SRResNet."""
