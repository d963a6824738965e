"""Which changes of a training sample can a recipe ask for?

A stage's `augment` is a chain of these. Crops come first, then what changes pixels before LR is
made, then the side the crop is seen from, and last what mixes LR with HR. Without torch; `data`
does what is announced here.
"""

import difflib
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from srkit_core.binding import bind_options
from srkit_core.errors import IncompatibleError
from srkit_core.expressions import Call, Chain, Item, written
from srkit_core.interfaces import Between

Phase = Literal["crop", "pixels", "view", "mix"]
_PHASES: Final[tuple[Phase, ...]] = ("crop", "pixels", "view", "mix")

Share = Annotated[float, Between(0, 1)]


@dataclass(frozen=True, kw_only=True)
class Centre:
    """Takes crops from the middle of a picture, as for faces that are centred in it.

    Args:
        margin: Share of each side that is left out at both ends; 0.5 leaves the central crop alone,
            and so does any margin that leaves less than a crop.
    """

    phase: ClassVar[Phase] = "crop"

    margin: Annotated[float, Between(0, 0.5)] = 0.5


@dataclass(frozen=True, kw_only=True)
class Salient:
    """Takes, of several places drawn evenly, the crop with the largest mean gradient: edges instead
    of sky (empirical).

    Args:
        of: How many places are looked at.
    """

    phase: ClassVar[Phase] = "crop"

    of: Annotated[int, Between(2, 64)] = 4


@dataclass(frozen=True, kw_only=True)
class Affine:
    """Rotates, shifts, shears and zooms a picture about the centre of the crop.

    Pixels beyond its border are the nearest.

    Every number is drawn evenly between its negative and itself. Keras's `ImageDataGenerator`, but
    for the shear, which is a slope here and an angle there. Resampled by bicubic interpolation (a =
    -0.75) and rounded to 8 bits.

    Args:
        rotation: The largest angle, in degrees.
        shift: The largest shift of each axis, as a share of the crop's side.
        shear: The largest slope of vertical lines, in pixels a pixel.
        zoom: The largest change of each axis' size, as a share of it.
    """

    phase: ClassVar[Phase] = "pixels"

    rotation: Annotated[float, Between(0, 180)] = 90.0
    shift: Share = 0.2
    shear: Share = 0.2
    zoom: Annotated[float, Between(0, 0.9)] = 0.2


@dataclass(frozen=True, kw_only=True)
class Jitter:
    """Changes the colours of a picture: each number is drawn evenly between its negative and itself
    (defaults empirical).

    Contrast is about mid-gray, saturation about luma (BT.601), hue turns the colours of YIQ and
    keeps luma, so that a pixel becomes the same wherever it lies.

    Args:
        brightness: The largest change of the factor of all values.
        contrast: The largest change of the factor of their distance from mid-gray.
        saturation: The largest change of the factor of their distance from luma.
        hue: The largest turn of the colours, in turns.
    """

    phase: ClassVar[Phase] = "pixels"

    brightness: Share = 0.1
    contrast: Share = 0.1
    saturation: Share = 0.1
    hue: Annotated[float, Between(0, 0.5)] = 0.02


@dataclass(frozen=True, kw_only=True)
class Flip:
    """Mirrors every second picture.

    Args:
        axis: Whether left and right change places, or top and bottom.
    """

    phase: ClassVar[Phase] = "view"

    axis: Literal["horizontal", "vertical"] = "horizontal"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Turns a picture by 0, 1, 2 or 3 quarters."""

    phase: ClassVar[Phase] = "view"


@dataclass(frozen=True, kw_only=True)
class CutBlur:
    """Exchanges a square between LR and clean LR, so that a network learns where and how much to
    restore.

    CutBlur (Yoo et al. 2020, section 3.1), which exchanges HR and enlarged LR. A network whose
    input is LR itself gets bicubic LR of the target in place of HR, without further degradation:
    inside the square, or outside of it, equally likely. With `bicubic` alone, LR is clean
    everywhere and next to nothing changes.

    Args:
        size: Side of the square, as a share of the patch's.
    """

    phase: ClassVar[Phase] = "mix"

    size: Annotated[float, Between(0, 1)] = 0.7


Crop = Centre | Salient
Change = Affine | Jitter
Side = Flip | Turn
Augmentation = Crop | Change | Side | CutBlur

AUGMENTATIONS: Final[dict[str, type[Augmentation]]] = {
    "centre": Centre,
    "salient": Salient,
    "affine": Affine,
    "jitter": Jitter,
    "flip": Flip,
    "turn": Turn,
    "cutblur": CutBlur,
}


@dataclass(frozen=True)
class AugmentStep:
    """An augmentation with its options, and the probability with which it happens to a sample."""

    what: Augmentation
    probability: float


@dataclass(frozen=True)
class Augment:
    """A bound chain, by the phase in which its steps happen."""

    steps: tuple[AugmentStep, ...] = ()

    def of(self, phase: Phase) -> tuple[AugmentStep, ...]:
        """Return the steps of a phase, in the order of the chain."""
        return tuple(step for step in self.steps if step.what.phase == phase)


def bind_augment(chain: Chain, *, stored: bool = False) -> Augment:
    """Bind a chain of augmentations.

    `stored` says that LR comes from disk, which only some of them can follow.

    Raises IncompatibleError for an unknown name, a wrong order, or pixels that would change behind
    the back of stored LR, and OptionError for an option that does not fit.
    """
    steps = tuple(AugmentStep(_bind(item.call), item.probability) for item in chain.items)
    behind = next(
        (
            item
            for item, step in zip(chain.items, steps, strict=True)
            if step.what.phase == "pixels"
        ),
        None,
    )
    if stored and behind:
        rest = Chain(
            tuple(
                item
                for item, step in zip(chain.items, steps, strict=True)
                if step.what.phase != "pixels"
            )
        )
        raise IncompatibleError(
            f"'{behind.call.name}' changes HR before LR is made, but paired LR is made already",
            hint=_line(rest),
        )
    phases = [_PHASES.index(step.what.phase) for step in steps]
    if phases != sorted(phases):
        raise IncompatibleError(
            f"in '{chain}' a step stands before one that happens earlier",
            hint=_line(_in_order(chain, phases)),
        )
    return Augment(steps)


def _bind(call: Call) -> Augmentation:
    if call.name not in AUGMENTATIONS:
        nearest = difflib.get_close_matches(call.name, AUGMENTATIONS, n=1)
        hint = f"did you mean '{nearest[0]}'?" if nearest else f"one of {', '.join(AUGMENTATIONS)}"
        raise IncompatibleError(f"there is no augmentation '{call.name}'", hint=hint)
    make = AUGMENTATIONS[call.name]
    bound: Augmentation = make(
        **bind_options(call.name, make, dict(call.options), advice=f"write {_whole(call.name)}")
    )
    return bound


def _whole(name: str) -> str:
    """Write an augmentation with all of its options, as its hint."""
    options = ", ".join(
        f"{option}={written(value)}" for option, value in vars(AUGMENTATIONS[name]()).items()
    )
    return f"{name}({options})" if options else name


def _in_order(chain: Chain, phases: list[int]) -> Chain:
    items: list[tuple[int, Item]] = sorted(
        zip(phases, chain.items, strict=True), key=lambda pair: pair[0]
    )
    return Chain(tuple(item for _, item in items))


def _line(chain: Chain) -> str:
    return f'augment = "{chain}"'
