"""Announces LPIPS as metric and loss."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Metric, ReferenceLoss
from srkit_core.specs import ComponentSpec, LossSpec, MetricSpec

_SOURCE: Final = "Zhang et al. 2018, eq. 1, with the heads of the package lpips, version 0.1"
_NETWORKS: Final = {"alex": "alexnet-torchvision", "vgg": "vgg16-torchvision"}
_SIDES: Final = {"alex": 31, "vgg": 16}


def lpips(*, net: Literal["alex", "vgg"] = "alex") -> Metric:
    """Learned distance of AlexNet or VGG16 features; 0 for equal pictures.

    Args:
        net: the network: AlexNet, the metric of the published tables, or VGG16.
    """
    from srkit_lpips_metric.metric import pretrained_lpips

    return pretrained_lpips(net, _NETWORKS[net])


def lpips_loss(*, net: Literal["alex", "vgg"] = "vgg") -> ReferenceLoss:
    """Learned distance of VGG16 or AlexNet features, the mean over a batch.

    Args:
        net: the network: VGG16, the nearer to a perceptual loss, which leaves AlexNet's distance to
            judge what was learnt, or AlexNet, which is quicker.
    """
    from srkit_lpips_metric.metric import MeanLPIPS, pretrained_lpips

    return MeanLPIPS(pretrained_lpips(net, _NETWORKS[net]))


def _networks(options: Mapping[str, Any], /) -> tuple[tuple[str, ...], ...]:
    return ((_NETWORKS[options["net"]],),)


def _min_size(options: Mapping[str, Any], /) -> int:
    """Say which side leaves a value in the deepest layer."""
    return _SIDES[str(options["net"])]


@hookimpl
def srkit_components() -> list[ComponentSpec]:
    """Announce `lpips`, twice."""
    return [
        MetricSpec(
            name="lpips",
            factory=lpips,
            summary="learned perceptual image patch similarity",
            source=_SOURCE,
            higher_is_better=False,
            domain="rgb",
            min_size=_min_size,
            pretrained=_networks,
        ),
        LossSpec(
            name="lpips",
            factory=lpips_loss,
            summary="learned perceptual similarity as a loss",
            source=_SOURCE,
            min_size=_min_size,
            pretrained=_networks,
        ),
    ]
