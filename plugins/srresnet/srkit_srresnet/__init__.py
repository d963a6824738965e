"""Announces the SRResNet generator."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, Literal

from srkit_core.errors import OptionError
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, Count, Generator
from srkit_core.specs import GeneratorSpec, LayoutSpec, WeightsFile, WeightsSpec
from srkit_srresnet.srresnet_layouts import SRRESNET_LAYOUTS

BN_EPS: Final = 1e-5

_WITHOUT_NORM: Final[Mapping[str, Collection[Any]]] = {"bn_eps": (BN_EPS,)}
_IN_MSR: Final[Mapping[str, Collection[Any]]] = {
    "head": ("auto", "linear"),
    "norm": ("auto", "none"),
    "skip": ("after",),
    "slopes": ("one",),
    **_WITHOUT_NORM,
}
"""What options may be in the layout msr, which has no Tanh, no normalisation, no fusion convolution
and no PReLU.
"""


def srresnet(
    *,
    scale: int,
    layout: Literal["srgan", "msr"] = "srgan",
    blocks: Count = 16,
    features: Count = 64,
    head: Literal["auto", "tanh", "linear"] = "auto",
    norm: Literal["auto", "batch", "none"] = "auto",
    skip: Literal["after", "before"] = "after",
    slopes: Literal["one", "channel"] = "one",
    bn_eps: Annotated[float, Between(low=1e-12)] = BN_EPS,
) -> Generator:
    """SRGAN's SRResNet or BasicSR's MSRResNet; OptionError for options that contradict the layout.

    Args:
        layout: `srgan`, SRResNet as its paper draws it, or `msr`, BasicSR's modified SRResNet with
            its state dict: 3x3 convolutions at both ends, no normalisation, LeakyReLU 0.1, one
            more convolution at full size, and bilinearly enlarged LR added to the output.
        blocks: number of residual blocks, the depth.
        features: channels throughout.
        head: Tanh, brought to [0, 1], or none (`linear`); `auto`: `tanh` in srgan, `linear` in msr.
        norm: of the body's convolutions; `auto`: `batch` in the layout srgan, `none` in msr.
        skip: in srgan, the global skip joins after the fusion convolution and its norm, or before.
        slopes: in srgan, each PReLU has one slope, or one for each channel.
        bn_eps: what batch normalisation adds to the variance; torch: 1e-5, TensorFlow: 1e-3.
    """
    _refuse_contradictions(layout, head=head, norm=norm, skip=skip, slopes=slopes, bn_eps=bn_eps)
    if layout == "msr":
        return _msrresnet(scale, blocks, features)
    from srkit_srresnet.model import SRResNet

    return SRResNet(
        scale=scale,
        blocks=blocks,
        features=features,
        bounded=head != "linear",
        bn_eps=None if norm == "none" else bn_eps,
        early_skip=skip == "before",
        slopes=features if slopes == "channel" else 1,
    )


def _msrresnet(scale: int, blocks: int, features: int) -> Generator:
    from srkit_srresnet.msrresnet import MSRResNet

    return MSRResNet(scale=scale, blocks=blocks, features=features)


def _refuse_contradictions(layout: str, *, norm: str, **others: Any) -> None:
    if layout == "msr":
        _check("in the layout msr", _IN_MSR, norm=norm, **others)
    elif norm == "none":
        _check("without normalisation", _WITHOUT_NORM, bn_eps=others["bn_eps"])


def _check(where: str, choices: Mapping[str, Collection[Any]], **options: Any) -> None:
    for option, value in options.items():
        if value not in choices[option]:
            message = f"srresnet: option '{option}' cannot be {value} {where}"
            raise OptionError(
                message, component="srresnet", option=option, hint=f"leave '{option}' out"
            )


_WEIGHTS: Final = (
    WeightsSpec(
        name="srresnet-x4",
        files=(
            WeightsFile(
                sha256="9eb32817746efd6f3232ad35ea8055763d5a174c040bb94b31564b22a8b48714",
                size=6_306_323,
            ),
        ),
        licence="Apache-2.0",
        summary="SRResNet x4 trained on DIV2K, 16 blocks",
        source="M. Krasser's re-implementation of SRGAN in TensorFlow, version 0.5, converted",
        generator="srresnet(head=tanh, skip=after, bn_eps=0.001)",
        scale=4,
        parameters=1_549_462,
        scored="Set5 x4: 32.01 dB PSNR-Y",
    ),
)
"""Weights that `eval` and `upscale` take by name."""


def _receptive(options: Mapping[str, Any], /) -> int:
    """Count the convolutions: two a block, and eight pixels for those around the blocks, of which
    the first and the last are 9 x 9.
    """
    return int(2 * options["blocks"] + 8)


def _opened_by(options: Mapping[str, Any], /) -> str:
    if options["layout"] == "msr":
        return "BasicSR, as its MSRResNet"
    return "no other tool; srresnet(layout=msr) is BasicSR's MSRResNet"


@hookimpl
def srkit_components() -> list[GeneratorSpec | LayoutSpec | WeightsSpec]:
    """Announce `srresnet`, how other projects name its tensors, and known weights."""
    return [
        GeneratorSpec(
            name="srresnet",
            factory=srresnet,
            summary="residual network with batch normalisation (SRGAN)",
            small="srresnet(blocks=1, features=8)",
            source="Ledig et al. 2017 (SRGAN), section 2.1.1 and figure 4; x3, by one pixel "
            "shuffle of 3, is not in the paper; "
            "layout msr: MSRResNet in the code of BasicSR, which has no paper of its own",
            scales=(2, 3, 4),
            receptive=_receptive,
            opened_by=_opened_by,
        ),
        *SRRESNET_LAYOUTS,
        *_WEIGHTS,
    ]
