"""Which augmentations happen to a sample?

Every step of a chain draws whether it happens, and one that does draws what it does, before the
next step draws: samples are repeated by the same numbers in the same order.
"""

from collections.abc import Iterator

import numpy as np

from srkit_core.augmentation import (
    Augment,
    CropAugmentation,
    PixelAugmentation,
    ViewAugmentation,
)
from srkit_core.augmentation.chain_binding import PhaseT
from srkit_core.augmentation.crop_position import CropChoice
from srkit_core.augmentation.pixel_change import PixelChange
from srkit_core.augmentation.view import View
from srkit_core.io.images import Pixels


def draw_crop_position(
    augment: Augment, pixels: Pixels, patch: int, scale: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Draw the top left of a patch, on the LR grid, inside (H, W, 3) of at least its size: evenly
    but for what `augment` says.
    """
    choice = CropChoice()
    for augmentation, _ in _happening(augment, CropAugmentation, rng):
        choice = augmentation.apply(choice, rng)
    return choice.draw(pixels, patch, scale, rng)


def draw_change(augment: Augment, rng: np.random.Generator) -> PixelChange:
    """Draw the changes of one sample's pixels."""
    change = PixelChange()
    for augmentation, _ in _happening(augment, PixelAugmentation, rng):
        change = augmentation.apply(change, rng)
    return change


def draw_view(augment: Augment, rng: np.random.Generator) -> View:
    """Draw the side from which one sample is seen."""
    view = View()
    for augmentation, probability in _happening(augment, ViewAugmentation, rng):
        draw = augmentation.apply if probability is None else augmentation.change
        view = draw(view, rng)
    return view


def _happening(
    augment: Augment, phase: type[PhaseT], rng: np.random.Generator
) -> Iterator[tuple[PhaseT, float | None]]:
    """Yield what happens to a sample in a phase, and its probability; each draws before the next
    one is asked for.
    """
    for augmentation, probability in augment.of(phase):
        drawn = rng.random()  # also where nothing is written: samples stay what they were
        if probability is None or drawn < probability:
            yield augmentation, probability
