"""Announces the perceptual and style loss on VGG features."""

from typing import Annotated, Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Between, ReferenceLoss
from srkit_core.specs import LossSpec
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
    distance: Literal["l1", "mse", "squared-l2", "charbonnier", "fro"] = "l1",
    content: Weight = 1.0,
    style: Weight = 0.0,
    style_distance: Literal["squared-fro", "same"] = "squared-fro",
    weights: str = "auto",
    gain: bool = True,
) -> ReferenceLoss:
    """Distance of the features, and where asked for of the style, that a frozen VGG finds.

    Args:
        layer: one layer or a list: conv5_4 is before its activation, relu5_4 after it, pool5 is
            what torchvision's features[:31] of VGG16 and [:37] of VGG19 end in.
        layer_weights: a factor for each layer of the list (none: 1 each).
        network: VGG with 19 or 16 layers.
        distance: l1, mse and charbonnier (sqrt(d^2 + 1e-12)) are means over channels and positions,
            squared-l2 is summed over channels (Ledig et al. 2017, eq. 5); fro, as in BasicSR, is
            the norm of the differences of the whole batch, which grows with batch and patch.
        content: factor of that distance; 0 leaves it out.
        style: factor of the distance of the Gram matrices of the same layers, which are divided by
            channels, height and width (Johnson et al. 2016, eq. 3); 0 leaves it out.
        style_distance: squared-fro is summed over the entries of a matrix (Johnson et al. 2016, eq.
            4); same is what `distance` says, of Gram matrices, as BasicSR's style_weight has it.
        weights: auto takes the first that can be had of vgg19-torchvision, vgg19-oxford and
            vgg19-normalised, or vgg16-torchvision; else one of these, a file's path, or random.
        gain: divide features by how much larger they are than those of torchvision's network, so
            that weights hold whichever network is taken (empirical); false for raw features.
    """
    layers = layers_with_weights(network, layer, layer_weights)
    check_weights_option(network, weights)
    check_factors(content, style)
    from srkit_vgg_perceptual.loss import FeatureLoss, feature_source, weighted_terms

    source = feature_source(network, weights, layers)
    terms = weighted_terms(distance, content, style, style_distance)
    return FeatureLoss(source, layers, terms, gain=gain)


@hookimpl
def srkit_components() -> list[LossSpec]:
    """Announce `vgg`."""
    return [
        LossSpec(
            name="vgg",
            factory=vgg,
            summary="distance of VGG features, and style (SRGAN, ESRGAN)",
            source="Wang et al. 2018 (ESRGAN), section 3.3 and eq. 3; Ledig et al. 2017 (SRGAN), "
            "eq. 5; Johnson et al. 2016, eq. 2 to 4; fro and style_distance=same: the code of "
            "BasicSR 1.4",
            small="vgg(layer=[conv1_2, pool2], style=1, weights=random)",
            acts_with={"network": "vgg(layer=pool3, weights=random)"},
            unseen_options={"gain": "an untrained network has features of no other size"},
            autocast=True,
            min_size=vgg_min_size,
            pretrained=required_networks,
        )
    ]
