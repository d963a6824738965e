"""Which augmentations happen to a sample?

Every step of a chain draws whether it happens, and one that does draws what it does, before the
next step draws: samples are repeated by the same numbers in the same order.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from srkit_core.augmentation import (
    Augment,
    Augmentation,
    AugmentStep,
    CropAugmentation,
    PixelAugmentation,
    ViewAugmentation,
)
from srkit_core.augmentation.chain_binding import PhaseT_co
from srkit_core.augmentation.crop_position import CropChoice
from srkit_core.augmentation.pixel_change import PixelChange, WindowFunction
from srkit_core.augmentation.view import View
from srkit_core.io.images import Pixels
from srkit_core.models.component_errors import component_errors

_SubjectT = TypeVar("_SubjectT", CropChoice, PixelChange, View)


def draw_crop_position(
    augment: Augment, pixels: Pixels, patch: int, scale: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Draw the top left of a patch, on the LR grid, inside (H, W, 3) of at least its size: evenly
    but for what `augment` says.
    """
    choice = CropChoice()
    for step in _happening(augment, CropAugmentation, rng):
        choice = _drawn(step, step.what.apply, choice, rng)
    return choice.draw(pixels, patch, scale, rng)


def draw_change(augment: Augment, rng: np.random.Generator) -> PixelChange:
    """Draw the changes of one sample's pixels."""
    change = PixelChange()
    for step in _happening(augment, PixelAugmentation, rng):
        change = _named(step.owner, change, _drawn(step, step.what.apply, change, rng))
    return change


def draw_view(augment: Augment, rng: np.random.Generator) -> View:
    """Draw the side from which one sample is seen."""
    view = View()
    for step in _happening(augment, ViewAugmentation, rng):
        draw = step.what.apply if step.probability is None else step.what.change
        view = _drawn(step, draw, view, rng)
    return view


def _happening(
    augment: Augment, phase: type[PhaseT_co], rng: np.random.Generator
) -> Iterator[AugmentStep[PhaseT_co]]:
    """Yield what happens to a sample in a phase; each draws before the next one is asked for."""
    for step in augment.of(phase):
        drawn = rng.random()  # also where nothing is written: samples stay what they were
        if step.probability is None or drawn < step.probability:
            yield step


def _drawn(
    step: AugmentStep[Augmentation],
    draw: Callable[[_SubjectT, np.random.Generator], _SubjectT],
    subject: _SubjectT,
    rng: np.random.Generator,
) -> _SubjectT:
    """Let a step draw; raises PluginError that names it when it fails."""
    with component_errors(step.owner, "drew a change of a sample"):
        drawn = draw(subject, rng)
        if not isinstance(drawn, type(subject)):
            wanted = type(subject).__name__
            raise TypeError(f"it returned {type(drawn).__name__}, not {wanted}")
    return drawn


def _named(owner: str, before: PixelChange, after: PixelChange) -> PixelChange:
    """Return a change whose new functions name their augmentation when they fail."""
    kept = len(before.functions)
    added = tuple(partial(_changed, owner, one) for one in after.functions[kept:])
    return replace(after, functions=(*after.functions[:kept], *added))


def _changed(owner: str, function: WindowFunction, window: Pixels) -> Pixels:
    shape = window.shape
    with component_errors(owner, f"changed pixels of {shape[0]}x{shape[1]}"):
        changed = function(window)
        if changed.shape != shape or changed.dtype != np.uint8:
            raise ValueError(f"it made {changed.dtype} {changed.shape} of uint8 {shape}")
    return changed
