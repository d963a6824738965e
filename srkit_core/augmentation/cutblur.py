"""What is exchanged between LR and HR once LR is made?"""

import torch
from torch import Tensor
from torch.nn import functional as F


def cut_blurred(
    lr: Tensor, target: Tensor, size: float, probability: float, rng: torch.Generator
) -> Tensor:
    """Return LR (B, 3, H, W) in which, with `probability`, a square is exchanged with clean LR.

    Clean LR is the target, shrunk to (H, W) by bicubic interpolation; `size` is the square's side
    as a share of LR's. It is clean inside the square, or outside of it, equally likely.
    """
    drawn = torch.rand(4, len(lr), 1, 1, 1, generator=rng, device=lr.device)
    rows, columns = (
        _covered(side, size, place) for side, place in zip(lr.shape[-2:], drawn[:2], strict=True)
    )
    square = rows[..., None] & columns[..., None, :]
    clean = square ^ (drawn[2] < 0.5)
    return torch.where(clean & (drawn[3] < probability), _shrunk(target, lr), lr)


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
