"""Announces the perceptual and style loss on VGG features."""

from typing import Annotated, Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, ReferenceLoss
from srkit_core.specs import LossSpec
from srkit_perception import ARCHITECTURES
from srkit_vgg_perceptual.vgg_options import (
    check_factors,
    check_weights_option,
    layers_with_weights,
    required_networks,
    vgg_min_size,
)

Weight = Annotated[float, Between(low=0)]


def vgg(
    *,
    layer: str | tuple[str, ...] = "conv5_4",
    layer_weights: tuple[Weight, ...] | None = None,
    network: Literal["vgg19", "vgg16"] = "vgg19",
    distance: Literal["l1", "mse", "squared-l2"] = "l1",
    content: Weight = 1.0,
    style: Weight = 0.0,
    weights: str = "auto",
    gain: bool = True,
) -> ReferenceLoss:
    """Distance of the features that a frozen VGG finds in SR and HR, and, where asked for, of their
    style.

    Args:
        layer: one layer or a list of them, such as conv5_4 (the fourth convolution of the fifth
            block, before its activation), relu5_4 (after it) or pool5 (what torchvision's
            features[:31] of VGG16 and [:37] of VGG19 end in).
        layer_weights: a factor for each layer of the list (none: 1 each).
        network: VGG with 19 or 16 layers.
        distance: l1 and mse are means over channels and positions of the absolute or squared
            difference of features; squared-l2 is the squared distance of feature vectors, summed
            over channels and averaged over positions (Ledig et al. 2017, eq. 5). Each is averaged
            over the batch and summed over the layers.
        content: factor of that distance; 0 leaves it out.
        style: factor of the squared distance of the Gram matrices of the same layers, summed over
            their entries (Johnson et al. 2016, eq. 3 and 4); 0 leaves it out.
        weights: auto takes the first that can be had of vgg19-torchvision, vgg19-oxford and
            vgg19-normalised, or vgg16-torchvision; else the name of one of them, the path of a file
            that holds one, or random, an untrained network.
        gain: divide features by how much larger they are than those of torchvision's network, so
            that weights hold whichever network is taken (empirical); false for raw features.
    """
    layers = layers_with_weights(network, layer, layer_weights)
    check_weights_option(network, weights)
    check_factors(content, style)
    from srkit_vgg_perceptual.loss import FeatureLoss, feature_source

    source = feature_source(network, weights, ARCHITECTURES[network].deepest(tuple(layers)))
    return FeatureLoss(source, layers, distance=distance, content=content, style=style, gain=gain)


@hookimpl
def srkit_components() -> list[LossSpec]:
    """Announce `vgg`."""
    return [
        LossSpec(
            name="vgg",
            factory=vgg,
            summary="distance of VGG features, and style (SRGAN, ESRGAN)",
            source="Wang et al. 2018 (ESRGAN), section 3.3 and eq. 3; Ledig et al. 2017 (SRGAN), "
            "eq. 5; Johnson et al. 2016, eq. 2 to 4",
            small="vgg(layer=[conv1_2, pool2], style=1, weights=random)",
            acts_with={"network": "vgg(layer=pool3, weights=random)"},
            unseen_options={"gain": "an untrained network has features of no other size"},
            min_size=vgg_min_size,
            pretrained=required_networks,
        )
    ]
