"""What becomes of the keys of Real-ESRGAN's option files, beside those of BasicSR?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from srkit_core.expressions import Value, parse_call
from srkit_core.interfaces import Range
from srkit_core.option_files.basicsr import BASICSR
from srkit_core.option_files.losses_of_others import ARTIFACTS
from srkit_core.option_files.other_trainer import OtherTrainer, TrainersDefault
from srkit_core.option_files.sayings import (
    At,
    CannotBeSaid,
    IntoField,
    IntoTerm,
    SaidOtherwise,
    Sayings,
    number,
    value_shown,
    whole,
)
from srkit_core.option_files.training_keys import is_paired, is_resized
from srkit_core.option_files.ways import Becomes, By, OfType, Row, Same

_KERNELS: Final = (
    "iso",
    "aniso",
    "generalized_iso",
    "generalized_aniso",
    "plateau_iso",
    "plateau_aniso",
)
_KERNEL_PROB: Final = [0.45, 0.25, 0.12, 0.03, 0.12, 0.03]


def made_otherwise(at: At) -> SaidOtherwise | None:
    """Say why no chain of degradations makes LR; None where one does."""
    if is_paired(at):
        return SaidOtherwise("LR comes from disk, so none is made")
    return SaidOtherwise("HR is made smaller, and nothing else") if is_resized(at) else None


def interval(value: Any) -> Range:
    """Return a range of two numbers; raises ValueError for anything else."""
    low, high = value
    return Range(number(low), number(high))


def shares(value: Any) -> Value:
    """Return probabilities as they stand."""
    return tuple(number(one) for one in value)


@dataclass(frozen=True)
class Knob:
    """A number of the degradation, of both rounds or of one; `usual` is what it is here unless
    written. Without an option only that can be said.
    """

    option: str
    keys: tuple[str, ...]
    usual: tuple[Any, ...]
    read: Callable[[Any], Value] = number
    first: tuple[Value, ...] = ()
    """What the option begins with, where the file says the second round alone."""

    @property
    def told(self) -> str:
        """The option, or the only value that can be said."""
        if self.option:
            return f"`{self.option}` of `realesrgan`"
        return f"only {', then '.join(f'`{value_shown(one)}`' for one in self.usual)}"

    def says(self, at: At) -> Sayings:
        """Return what the key becomes."""
        if other := made_otherwise(at):
            return other
        inside = At(at.leaf, at.options, "degradation", "degradation")
        usual = self.usual[self.keys.index(at.leaf.key)]
        found = [at.options.get(key, one) for key, one in zip(self.keys, self.usual, strict=True)]
        if found == list(self.usual) or (not self.option and at.value == usual):
            return inside.part("=")
        if not self.option:
            return CannotBeSaid(f"realesrgan has {value_shown(usual)}")
        values = (*self.first, *(self.read(one) for one in found))
        return inside.part(self.option, values if len(values) > 1 else values[0])

    @property
    def row(self) -> Row:
        """The row of its keys."""
        return Row(", ".join(self.keys), self)


def _twice(key: str, table: str = "") -> tuple[str, str]:
    return f"{table}{key}", f"{table}{key}2"


_SET: Final = "datasets.train."

KNOBS: Final = (
    Knob("factor", _twice("resize_range"), ([0.15, 1.5], [0.3, 1.2]), interval),
    Knob("noise", _twice("noise_range"), ([1, 30], [1, 25]), interval),
    Knob("poisson", _twice("poisson_scale_range"), ([0.05, 3], [0.05, 2.5]), interval),
    Knob("quality", _twice("jpeg_range"), ([30, 95], [30, 95]), interval),
    Knob("sigma", _twice("blur_sigma", _SET), ([0.2, 3], [0.2, 1.5]), interval),
    Knob("resize_weights", _twice("resize_prob"), ([0.2, 0.7, 0.1], [0.3, 0.4, 0.3]), shares),
    Knob("gaussian", _twice("gaussian_noise_prob"), (0.5, 0.5)),
    Knob("gray", _twice("gray_noise_prob"), (0.4, 0.4)),
    Knob("blur", ("second_blur_prob",), (0.8,), first=(1.0,)),
    Knob("", _twice("blur_kernel_size", _SET), (21, 21)),
    Knob("sinc", _twice("sinc_prob", _SET), (0.1, 0.1)),
    Knob("beta", _twice("betag_range", _SET), ([0.5, 4], [0.5, 4]), interval),
    Knob("plateau_beta", _twice("betap_range", _SET), ([1, 2], [1, 2]), interval),
    Knob("final_sinc", (f"{_SET}final_sinc_prob",), (0.8,)),
)
"""Every number of the degradation, with the values of the published option file."""


def kernel_weights(at: At) -> Sayings:
    """Say how likely each kind of kernel is, of both rounds."""
    if other := made_otherwise(at):
        return other
    rounds = [_weights_of(at, number) for number in ("", "2")]
    inside = At(at.leaf, at.options, "degradation", "degradation")
    if None in rounds:
        return CannotBeSaid(f"realesrgan has the kinds {', '.join(_KERNELS)}, one weight each")
    if rounds == [tuple(_KERNEL_PROB)] * 2:
        return inside.part("=")
    return inside.part("kernel_weights", tuple(filter(None, rounds)))


def kernel_weights_row(table: str) -> Row:
    """Return the row of the kinds of kernels and their weights, which stand in a table."""
    keys = [*_twice("kernel_list", table), *_twice("kernel_prob", table)]
    return Row(", ".join(keys), By("`kernel_weights` of `realesrgan`", kernel_weights))


def _weights_of(at: At, number_of_round: str) -> tuple[Value, ...] | None:
    """Return the weights of all kinds in a round, 0 for what is not listed; None for others."""
    table = at.leaf.key.rpartition(".")[0]
    kinds = at.options.get(f"{table}.kernel_list{number_of_round}", list(_KERNELS))
    weights = at.options.get(f"{table}.kernel_prob{number_of_round}", _KERNEL_PROB)
    if not set(kinds) <= set(_KERNELS) or len(kinds) != len(weights):
        return None
    listed = dict(zip(kinds, map(number, weights), strict=True))
    return tuple(listed.get(kind, 0) for kind in _KERNELS)


def real_model_type(at: At) -> Sayings:
    """Say what is sharpened, and what is adversarial."""
    if at.value == "RealESRGANModel":
        return IntoTerm("target", "target", "", parse_call("sharpen"))
    return SaidOtherwise("no stage is adversarial")


def sharpened(at: At) -> Sayings:
    """Say whether RealESRNet learns from sharpened HR."""
    if at.value:
        return IntoTerm("target", "target", "", parse_call("sharpen"))
    return SaidOtherwise("HR is not sharpened, as there is no target")


_USM: Final = {"l1_gt_usm": "pixel_opt", "percep_gt_usm": "perceptual_opt", "gan_gt_usm": "gan_opt"}


def sharpened_for(at: At) -> Sayings:
    """Say whether a loss sees sharpened HR: losses that compare do unless it is written, an
    adversarial one does not.
    """
    adversarial = at.name == "gan_gt_usm"
    if bool(at.value) is not adversarial:
        return SaidOtherwise("a loss that compares sees the target, an adversarial one HR itself")
    return IntoTerm("stages.loss", f"train.{_USM[at.name]}", "target", bool(at.value))


def pool(at: At) -> Sayings:
    """Say how many examples are kept and mixed."""
    return made_otherwise(at) or IntoField("stages.pool", whole(at.value))


_DIFFERENCES: Final = (
    Row("model_type", By('`RealESRGANModel`: `target = "sharpen"`', real_model_type)),
    Row("gt_usm", By('`target = "sharpen"`', sharpened)),
    Row(", ".join(_USM), By("`target` of `l1`, `vgg` and `gan`", sharpened_for)),
    Row("queue_size", By("`pool`", pool)),
    Row("gt_size, datasets.train.gt_size", Becomes("stages.patch", whole)),
    Row("high_order_degradation", Same("the kind of data set says it")),
    Row("train.ldl_opt.*", OfType("stages.loss", "loss", {"L1Loss": ARTIFACTS}, "`loss`")),
    *(knob.row for knob in KNOBS),
    kernel_weights_row(_SET),
)

REAL_ESRGAN: Final = OtherTrainer(
    "Real-ESRGAN",
    (*_DIFFERENCES, *BASICSR.rows),
    (*BASICSR.defaults, TrainersDefault("", "queue_size", 180)),
)
"""Real-ESRGAN (Wang et al. 2021), and BasicSR's files of its models."""
