"""Which small pictures are components tried on?"""

import torch
from torch import Tensor
from torch.nn import functional


def pictures(batch: int, height: int, width: int, *, channels: int = 3, seed: int = 0) -> Tensor:
    """Return (batch, channels, height, width) float32 pictures: 8-bit values in [0, 1], soft shapes
    with a fine grain.
    """
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(batch, channels, 2 + height // 8, 2 + width // 8, generator=rng)
    shapes = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)
    grain = torch.randn(batch, channels, height, width, generator=rng)
    return ((shapes + 0.05 * grain) * 255).round().clamp(0, 255) / 255


def noisy(clean: Tensor, strength: float, *, seed: int = 1) -> Tensor:
    """Return pictures with Gaussian noise of standard deviation `strength`, clipped to [0, 1]."""
    rng = torch.Generator().manual_seed(seed)
    return (clean + strength * torch.randn(clean.shape, generator=rng)).clamp(0, 1)
