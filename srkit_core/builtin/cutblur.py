"""What is exchanged between LR and HR once LR is made?"""

import torch
from torch import Tensor
from torch.nn import functional as F


def cut_blurred(
    lr: Tensor, target: Tensor, size: float, probability: float | None, rng: torch.Generator
) -> Tensor:
    """Return LR (B, 3, H, W) in which, with `probability` (None: always), a square is exchanged
    with clean LR.

    Clean LR is the target, shrunk to (H, W) by bicubic interpolation; `size` is the square's side
    as a share of LR's. It is clean inside the square, or outside of it, equally likely; where a
    probability is written, on the side that has pixels.
    """
    drawn = torch.rand(4, len(lr), 1, 1, 1, generator=rng, device=lr.device)
    rows, columns = (
        covered(side, size, place) for side, place in zip(lr.shape[-2:], drawn[:2], strict=True)
    )
    square = rows[..., None] & columns[..., None, :]
    outside = drawn[2] < 0.5
    if probability is not None:
        sides = square.flatten(1)
        outside = (outside & ~_each(sides.all(1))) | _each(~sides.any(1))
    chosen = drawn[3] < (1.0 if probability is None else probability)
    return torch.where((square ^ outside) & chosen, _shrunk(target, lr), lr)


def _each(examples: Tensor) -> Tensor:
    """Return what is true of each example, (B,), as (B, 1, 1, 1)."""
    return examples[:, None, None, None]


def covered(side: int, size: float, place: Tensor) -> Tensor:
    """Return which pixels of a side a square covers, (B, 1, side), when it begins at `place` of
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
