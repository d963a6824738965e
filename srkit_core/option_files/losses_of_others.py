"""Which of other trainers' losses are here, and what are their options called?"""

from collections.abc import Mapping
from math import sqrt
from typing import Any, Final

from srkit_core.expressions import parse_call
from srkit_core.option_files.sayings import At, CannotBeSaid, SaidOtherwise, Sayings
from srkit_core.option_files.ways import By, Counterpart, OptionWay, Same, Way, weight

WEIGHT: Final = By("the weight in `loss`", weight)
"""What a loss is multiplied with."""

MEAN: Final = Same("a loss is a mean", ("mean",))
"""How a loss comes together from pixels."""

_PLAIN: Final[Mapping[str, OptionWay]] = {"loss_weight": WEIGHT, "reduction": MEAN}


def root(value: Any) -> float:
    """Return what is squared under a root, of what stands there as it is."""
    return sqrt(float(value))


CHARBONNIER: Final = Counterpart("charbonnier", {**_PLAIN, "eps": ("eps", root)})
"""sqrt(d^2 + eps); here eps is squared."""

PIXEL: Final[Mapping[str, Counterpart]] = {
    "L1Loss": Counterpart("l1", _PLAIN),
    "MSELoss": Counterpart("mse", _PLAIN),
    "CharbonnierLoss": CHARBONNIER,
}
"""Losses of pixels by their type."""


def _layer(at: At) -> Sayings:
    return at.part("layer[]", at.name), at.part("layer_weights[]", float(at.value))


def _perceptual_weight(at: At) -> Sayings:
    if not at.beside("style_weight", 0):
        return at.part("*", float(at.value))
    return at.part("*", 1.0), at.part("content", float(at.value))


def _style_weight(at: At) -> Sayings:
    if not at.value:
        return SaidOtherwise("no style: the default of vgg")
    return at.part("style", float(at.value)), at.part("style_scale", "basicsr")


_DISTANCES: Final = {"l1": "l1", "l2": "mse", "mse": "mse", "fro": "fro"}


def _criterion(at: At) -> Sayings:
    name = _DISTANCES.get(str(at.value).lower())
    if name is None:
        return CannotBeSaid(f"vgg has no distance {at.value}")
    return at.part("distance", name)


PERCEPTUAL: Final = Counterpart(
    "vgg",
    {
        "layer_weights.*": By("`layer` and `layer_weights` of `vgg`", _layer),
        "vgg_type": "network",
        "use_input_norm": Same("VGG sees what it was trained on", (True,)),
        "range_norm": Same("pictures lie in [0, 1]", (False,)),
        "perceptual_weight": By("the weight in `loss`", _perceptual_weight),
        "style_weight": By("`style` of `vgg`", _style_weight),
        "criterion": By("`distance` of `vgg`", _criterion),
    },
)
"""BasicSR's distance of features."""

GAN_KINDS: Final[Mapping[str, str]] = {
    "vanilla": "gan",
    "wgan_softplus": "gan",
    "lsgan": "lsgan",
    "wgan": "wgan",
    "hinge": "hinge",
}
"""Adversarial losses of BasicSR: softplus of scores is what the binary cross entropy is."""


def gan_type(at: At) -> Sayings:
    """Return the adversarial loss, which in ESRGANModel compares both sides."""
    name = GAN_KINDS.get(str(at.value).lower())
    if name is None:
        return CannotBeSaid(f"srkit has no adversarial loss {at.value}")
    if at.options.get("model_type") != "ESRGANModel":
        return at.part("", parse_call(name))
    if name != "gan":
        return CannotBeSaid(f"no relativistic loss of the kind {at.value} is here")
    return at.part("", parse_call("ragan(detach=true)"))


def _label(name: str, usual: float) -> Way:
    def label(at: At) -> Sayings:
        if float(at.value) == usual:
            return SaidOtherwise(f"the label {usual} is the default")
        if at.beside("gan_type", "vanilla") != "vanilla":
            return CannotBeSaid(f"only gan takes a {name}")
        return at.part(name, float(at.value))

    return By(f"`{name}` of `gan`", label)


def _gan(at: At) -> Sayings:
    return SaidOtherwise("its gan_type names the loss")


GAN: Final[Mapping[str, OptionWay]] = {
    "type": By("an adversarial loss", _gan),
    "gan_type": By("`gan`, `lsgan`, `wgan` or `hinge`", gan_type),
    "loss_weight": WEIGHT,
    "real_label_val": _label("real_label", 1.0),
    "fake_label_val": _label("fake_label", 0.0),
}
"""Keys of BasicSR's GANLoss."""
