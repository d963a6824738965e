"""Which augmentations are broken in one way?"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from mutants.machinery import Mutant, held

from srkit_core.augmentation import (
    CropAugmentation,
    MixAugmentation,
    PixelAugmentation,
    ViewAugmentation,
)
from srkit_core.specs import AugmentationSpec
from srkit_core.testing import AugmentationContract


def augmentation(made, **fields):
    """Return the maker of the contract of an augmentation."""
    usual = {"name": "made", "factory": made, "summary": "for this test"}
    return held(AugmentationContract, AugmentationSpec(**(usual | fields)))


def inverted(pixels):
    return 255 - pixels


def in_place(pixels):
    pixels += 1
    return pixels


def to_float(pixels):
    return pixels / 255


def smaller(pixels):
    return pixels[1:]


class Pixels(PixelAugmentation):
    """Changes pixels, for this test."""

    function = staticmethod(inverted)

    def apply(self, change, rng):
        return change.then(self.function) if rng.random() < 0.5 else change


class InPlace(Pixels):
    """Writes into the picture."""

    function = staticmethod(in_place)


class Floats(Pixels):
    """Returns floats."""

    function = staticmethod(to_float)


class Smaller(Pixels):
    """Returns a row less."""

    function = staticmethod(smaller)


class Idle(Pixels):
    """Changes nothing."""

    def apply(self, change, rng):
        return change


class Elsewhere(Pixels):
    """Draws from numpy's own state."""

    def apply(self, change, rng):
        return change.then(inverted) if np.random.random() < 0.5 else change


class Unpicklable(Pixels):
    """Holds a function without a name."""

    def __init__(self):
        self.function = lambda pixels: 255 - pixels


class Torchlike(Pixels):
    """Imports torch when it is made."""

    def __init__(self):
        import torch  # noqa: F401


class Corner(CropAugmentation):
    """Takes crops within a margin."""

    def apply(self, choice, rng):
        return replace(choice, margin=0.2)


class Outside(CropAugmentation):
    """Takes crops beyond the borders."""

    def apply(self, choice, rng):
        return replace(choice, margin=-0.5)


class Mirror(ViewAugmentation):
    """Flips every second picture."""

    def apply(self, view, rng):
        return self.change(view, rng) if rng.random() < 0.5 else view

    def change(self, view, rng):
        return view.flipped(vertically=False)


class SomeTurn(Mirror):
    """Turns by none to three quarters."""

    def apply(self, view, rng):
        return self.change(view, rng)

    def change(self, view, rng):
        return view.turned(int(rng.integers(4)))


class Noise(MixAugmentation):
    """Adds noise to LR."""

    def noisy(self, lr, rng):
        return (lr + 0.1 * torch.rand(lr.shape, generator=rng)).clamp(0, 1)

    def apply(self, examples, probability, rng):
        chosen = torch.rand((len(examples.lr), 1, 1, 1), generator=rng) < (probability or 0.0)
        return replace(examples, lr=torch.where(chosen, self.noisy(examples.lr, rng), examples.lr))


class Bright(Noise):
    """Leaves [0, 1]."""

    def noisy(self, lr, rng):
        return lr + 0.5


class Doubles(Noise):
    """Returns doubles."""

    def noisy(self, lr, rng):
        return lr.double() / 2


class Always(Noise):
    """Takes no share."""

    def apply(self, examples, probability, rng):
        return super().apply(examples, 1.0, rng)


class Writes(Noise):
    """Writes into the batch."""

    def noisy(self, lr, rng):
        return lr.mul_(0.5)


def untold():
    """Say of no phase."""
    return Pixels()


def mistold() -> ViewAugmentation:
    """Say a phase that is not its own."""
    return Pixels()


@dataclass(frozen=True, kw_only=True)
class Silent(PixelAugmentation):
    """Has an option that nobody explains."""

    share: float = 0.5

    def apply(self, change, rng):
        return change.then(inverted) if rng.random() < self.share else change


@dataclass(frozen=True, kw_only=True)
class Talkative(Silent):
    """Explains an option that is none.

    Args:
        share: of pictures.
        often: how often.
    """


SAID, OPTION = "says_what_it_is", "test_every_option_is_documented"
PHASE, LIGHT, SAME = "says_its_phase", "is_made_without_torch", "test_equal_seeds_do_the_same"
PICTURES, ALONE = "test_pictures_stay_pictures", "leaves_what_it_is_given_alone"
AWAY, SHARE = "goes_to_another_process", "test_a_share_is_kept"

SOUND = (
    ("pixels", augmentation(Pixels)),
    ("a crop", augmentation(Corner)),
    ("a view", augmentation(Mirror)),
    ("a batch", augmentation(Noise)),
)
BROKEN = (
    (
        "no-phase",
        augmentation(untold),
        PHASE,
        "does not say of which phase",
    ),
    (
        "another-phase",
        augmentation(mistold),
        PHASE,
        "and makes a Pixels",
    ),
    (
        "needs-torch",
        augmentation(Torchlike),
        LIGHT,
        "it imports torch",
    ),
    (
        "changes-nothing",
        augmentation(Idle),
        "changes_something",
        "nothing",
    ),
    (
        "draws-elsewhere",
        augmentation(Elsewhere),
        SAME,
        "different things",
    ),
    (
        "floats",
        augmentation(Floats),
        PICTURES,
        "makes float64",
    ),
    (
        "a-row-less",
        augmentation(Smaller),
        PICTURES,
        "31, 32, 3",
    ),
    (
        "outside",
        augmentation(Outside),
        PICTURES,
        "leaves the range",
    ),
    (
        "too-bright",
        augmentation(Bright),
        PICTURES,
        "leaves the range",
    ),
    (
        "doubles",
        augmentation(Doubles),
        PICTURES,
        "float64",
    ),
    (
        "writes",
        augmentation(InPlace),
        ALONE,
        "it writes into",
    ),
    (
        "writes-into-a-batch",
        augmentation(Writes),
        ALONE,
        "it writes into",
    ),
    (
        "unpicklable",
        augmentation(Unpicklable),
        AWAY,
        "cannot be pickled",
    ),
    (
        "turns-by-none",
        augmentation(SomeTurn),
        SHARE,
        "the view that it is",
    ),
    (
        "takes-no-share",
        augmentation(Always),
        SHARE,
        "with the probability 0",
    ),
    (
        "silent-option",
        augmentation(Silent),
        OPTION,
        "share",
    ),
    (
        "option-gone",
        augmentation(Talkative),
        "test_every_documented_option_exists",
        "often",
    ),
    (
        "no-summary",
        augmentation(Pixels, summary=""),
        SAID,
        "no summary",
    ),
)
MUTANTS = tuple(
    Mutant(
        name=name,
        held=held,
        caught_by=check if check.startswith("test_") else f"test_it_{check}",
        says=says,
    )
    for name, held, check, says in BROKEN
)
