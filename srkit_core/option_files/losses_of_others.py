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


CHARBONNIER: Final = Counterpart("charbonnier(eps=1e-6)", {**_PLAIN, "eps": ("eps", root)})
"""sqrt(d^2 + eps), with 1e-12 unless written; here eps is squared."""

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
    return at.part("style", float(at.value)), at.part("style_distance", "same")


_DISTANCES: Final = {
    "l1": "l1",
    "l2": "mse",
    "mse": "mse",
    "fro": "fro",
    "charbonnier": "charbonnier",
}


def _criterion(at: At) -> Sayings:
    name = _DISTANCES.get(str(at.value).lower())
    if name is None:
        return CannotBeSaid(f"vgg has no distance {at.value}")
    return at.part("distance", name)


LAYERS: Final = By("`layer` and `layer_weights` of `vgg`", _layer)
"""Weights by layer."""

DISTANCE: Final = By("`distance` of `vgg`", _criterion)
"""How features are compared."""

ARTIFACTS: Final = Counterpart("ldl(target=false)", _PLAIN)
"""BasicSR's LDL, which also leaves out pixels where SR is nearer to HR than its moving average."""

PERCEPTUAL: Final = Counterpart(
    "vgg",
    {
        "layer_weights.*": LAYERS,
        "vgg_type": "network",
        "use_input_norm": Same("VGG sees what it was trained on", (True,)),
        "range_norm": Same("pictures lie in [0, 1]", (False,)),
        "perceptual_weight": By("the weight in `loss`", _perceptual_weight),
        "style_weight": By("`style` of `vgg`, with `style_distance=same`", _style_weight),
        "criterion": DISTANCE,
    },
)
"""BasicSR's distance of features."""

GAN_KINDS: Final[Mapping[str, str]] = {
    "vanilla": "gan",
    "wgan_softplus": "gan",
    "lsgan": "lsgan(half=neither)",
    "wgan": "wgan",
    "hinge": "hinge",
}
"""Adversarial losses of BasicSR: softplus of scores is what the binary cross entropy is."""


def gan_options(kinds: Mapping[str, str]) -> Mapping[str, OptionWay]:
    """Return what becomes of the keys of an adversarial loss, whose kinds are those."""

    def kind(at: At) -> Sayings:
        name = kinds.get(str(at.value).lower())
        if name is None:
            return CannotBeSaid(f"srkit has no adversarial loss {at.value}")
        if at.options.get("model_type") != "ESRGANModel":
            return at.part("", parse_call(name))
        if name != "gan":
            return CannotBeSaid(f"no relativistic loss of the kind {at.value} is here")
        return at.part("", parse_call("ragan(detach=true)"))

    names = ", ".join(f"`{there}`: `{here}`" for there, here in kinds.items())
    return {
        "type": By("an adversarial loss", _gan),
        "gan_type": By(f"{names}; of ESRGANModel `ragan(detach=true)`", kind),
        "loss_weight": WEIGHT,
        "real_label_val": _label("real_label", 1.0),
        "fake_label_val": _label("fake_label", 0.0),
    }


FOCAL: Final[Mapping[str, OptionWay]] = {
    "loss_weight": WEIGHT,
    "alpha": "alpha",
    "patch_factor": "parts",
    "log_matrix": "logarithm",
    "ave_spectrum": Same("weights are those of each picture", (False,)),
    "batch_matrix": Same("weights are those of each picture", (False,)),
}
"""Keys of the focal frequency loss."""


def _label(name: str, usual: float) -> Way:
    def label(at: At) -> Sayings:
        if float(at.value) == usual:
            return SaidOtherwise(f"the label {usual} is the default")
        if at.beside("gan_type", "vanilla") not in ("vanilla", "bce", "lsgan", "mse"):
            return CannotBeSaid(f"only gan and lsgan take a {name}")
        return at.part(name, float(at.value))

    return By(f"`{name}` of `gan`, whose generator keeps the labels 1 and 0", label)


def _gan(_: At) -> Sayings:
    return SaidOtherwise("its gan_type names the loss")


GAN: Final = gan_options(GAN_KINDS)
"""Keys of BasicSR's GANLoss."""


BASICSR_LOSSES: Final[Mapping[str, Counterpart]] = {
    **PIXEL,
    "WeightedTVLoss": Counterpart("tv(norm=l1)", _PLAIN),
    "PerceptualLoss": PERCEPTUAL,
    "GANLoss": Counterpart("gan", GAN),
}
"""Losses of BasicSR by their type."""
