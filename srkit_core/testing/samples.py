"""Which small pictures are components tried on?"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional


def pictures(batch: int, height: int, width: int, *, channels: int = 3, seed: int = 0) -> Tensor:
    """Return (batch, channels, height, width) float32 pictures: 8-bit values in [0, 1], soft shapes
    with a fine grain.
    """
    return _pictures(batch, height, width, channels, seed).clone()


@lru_cache(maxsize=64)
def _pictures(batch: int, height: int, width: int, channels: int, seed: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(batch, channels, 2 + height // 8, 2 + width // 8, generator=rng)
    shapes = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)
    grain = torch.randn(batch, channels, height, width, generator=rng)
    return ((shapes + 0.05 * grain) * 255).round().clamp(0, 255) / 255


def noisy(clean: Tensor, strength: float, *, seed: int = 1) -> Tensor:
    """Return pictures with Gaussian noise of standard deviation `strength`, clipped to [0, 1]."""
    rng = torch.Generator().manual_seed(seed)
    return (clean + strength * torch.randn(clean.shape, generator=rng)).clamp(0, 1)


def noisy_at_the_far_side(clean: Tensor) -> Tensor:
    """Return pictures with noise in the last quarter of their longer side alone."""
    changed, along = noisy(clean, 0.1), -1 if clean.shape[-1] >= clean.shape[-2] else -2
    start = 3 * clean.shape[along] // 4
    kept = clean.narrow(along, 0, start)
    return torch.cat([kept, changed.narrow(along, start, clean.shape[along] - start)], along)


def flat(level: float, like: Tensor) -> Tensor:
    """Return pictures of one level in [0, 1]."""
    return torch.full_like(like, level)


def _blurred(clean: Tensor) -> Tensor:
    padded = functional.pad(clean, (1, 1, 1, 1), mode="replicate")
    return functional.avg_pool2d(padded, 3, 1)


def _one_pixel(clean: Tensor) -> Tensor:
    changed = clean.clone()
    changed[..., 5, 7] = 1 - changed[..., 5, 7]
    return changed


CHANGES: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "a grey level brighter (+1/255)": lambda clean: clean + 1 / 255,
    "a grey level darker (-1/255)": lambda clean: clean - 1 / 255,
    "brighter (+0.05)": lambda clean: clean + 0.05,
    "darker (-0.05)": lambda clean: clean - 0.05,
    "of 1 % less contrast": lambda clean: 0.99 * clean,
    "of 1 % more contrast": lambda clean: 1.01 * clean,
    "blurred": _blurred,
    "with red and blue swapped": lambda clean: clean.flip(1),
    "moved by a pixel": lambda clean: clean.roll(1, -1),
    "with one pixel inverted": _one_pixel,
    "black": torch.zeros_like,
}
"""Changes of pictures (B, C, H, W) in several directions, by what people would say of them."""
