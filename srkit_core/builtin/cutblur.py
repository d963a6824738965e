"""What is exchanged between LR and HR once LR is made?"""

from functools import lru_cache

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
    """Return the target in the size of LR, by bicubic interpolation with antialiasing. It is two
    products with matrices, as not every device has a kernel for it (mps had none).
    """
    if target.shape == lr.shape:
        return target
    sides = zip(target.shape[-2:], lr.shape[-2:], strict=True)
    down, across = (_shrinking(*side, target.dtype, target.device) for side in sides)
    with torch.autocast(target.device.type, enabled=False):
        return (down @ target @ across.mT).clamp(0, 1)


@lru_cache(maxsize=16)
def _shrinking(long: int, short: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the matrix (short, long) by which torch's interpolation shrinks a side: what it makes
    of each pixel alone.
    """
    with torch.inference_mode(False):
        alone = torch.eye(long, dtype=dtype)[None, None]
        made = F.interpolate(alone, size=(short, long), mode="bicubic", antialias=True)
        return made[0, 0].to(device)
