"""What is exchanged between LR and HR once LR is made?"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from srkit_core.augmentation import AugmentStep, CutBlur
from srkit_core.data.examples import Examples


def mixed(examples: Examples, steps: Sequence[AugmentStep], rng: torch.Generator) -> Examples:
    """Return the examples of a batch with their LR mixed, each by its own draws from `rng`, on the
    device of both.
    """
    for step in steps:
        if isinstance(step.what, CutBlur):
            examples = replace(
                examples, lr=_cut_blurred(examples, step.what.size, step.probability, rng)
            )
    return examples


def _cut_blurred(
    examples: Examples, size: float, probability: float, rng: torch.Generator
) -> Tensor:
    lr, count = examples.lr, len(examples.lr)
    drawn = torch.rand(4, count, 1, 1, 1, generator=rng, device=lr.device)
    rows, columns = (
        _covered(side, size, place) for side, place in zip(lr.shape[-2:], drawn[:2], strict=True)
    )
    square = rows[..., None] & columns[..., None, :]
    clean = square ^ (drawn[2] < 0.5)
    return torch.where(clean & (drawn[3] < probability), _shrunk(examples.target, lr), lr)


def _covered(side: int, size: float, place: Tensor) -> Tensor:
    """Return which pixels of a side the square covers, (B, 1, side), when it begins at `place` of
    the room it has.
    """
    length = round(side * size)
    first = (place.flatten(2) * (side - length + 1)).floor()
    pixels = torch.arange(side, device=place.device)
    return (pixels >= first) & (pixels < first + length)


def _shrunk(target: Tensor, lr: Tensor) -> Tensor:
    if target.shape == lr.shape:
        return target
    return F.interpolate(target, size=lr.shape[-2:], mode="bicubic", antialias=True).clamp(0, 1)
