"""What do blur kernels look like?

Every function takes one row of parameters a kernel, float64 on the CPU. Values are (kernels, K, K)
with K = 2 half + 1, and `normalised` cuts them to their sizes. The y axis points down, an angle
turns from x to y.
"""

import torch
from torch import Tensor

_LEAST_SIGMA = 1e-3
"""In pixels; a Gaussian this narrow is the identity, and divides by no zero."""


def elliptic(
    half: int,
    sigma_x: Tensor,
    sigma_y: Tensor,
    angle: Tensor,
    beta: Tensor,
    plateau: Tensor,
) -> Tensor:
    """Kernels of d = (u / sigma_x)^2 + (v / sigma_y)^2 in axes turned by `angle` radians:
    generalised Gaussians exp(-d^beta / 2), which are Gaussians for beta = 1, more peaked below and
    flatter above, or for a true `plateau` 1 / (1 + d^beta), the steeper the larger beta (Wang et
    al. 2021, eq. 2 and section 3.2).
    """
    distances = _distances(half, sigma_x, sigma_y, angle)
    powers = distances.pow_(beta[:, None, None])
    return torch.where(plateau[:, None, None], 1 / (1 + powers), torch.exp(-powers / 2))


def sinc(half: int, cutoff: Tensor) -> Tensor:
    """Circular ideal low-pass filters w J1(w r) / (2 pi r) with w = `cutoff`, radians a pixel (Wang
    et al. 2021, eq. 6).
    """
    x, y = _axes(half)
    radius, w = (x * x + y * y).sqrt(), cutoff[:, None, None]
    rings = w * torch.special.bessel_j1(w * radius) / (2 * torch.pi * radius)
    return torch.where(radius == 0, w * w / (4 * torch.pi), rings)


def normalised(kernels: Tensor, sizes: Tensor) -> Tensor:
    """Let each kernel be zero outside of its odd size, and sum to 1."""
    x, y = _axes(kernels.shape[-1] // 2)
    inside = torch.maximum(x.abs(), y.abs()) <= (sizes // 2)[:, None, None]
    kept = kernels * inside
    return kept / kept.sum((1, 2), keepdim=True)


def gaussian_taps(sizes: Tensor, sigma: Tensor) -> Tensor:
    """Return (pictures, K): the one-dimensional Gaussians whose outer products are the isotropic
    ones.
    """
    x, _ = _axes(int(sizes.max()) // 2)
    taps = torch.exp(-0.5 * (x[0] / sigma.clamp(min=_LEAST_SIGMA)[:, None]) ** 2) * (
        x[0].abs() <= sizes[:, None] // 2
    )
    return taps / taps.sum(1, keepdim=True)


def shifted_gaussian(size: int, sigma: Tensor, shift: float) -> Tensor:
    """Isotropic Gaussians whose centre lies `shift` pixels right of and below the middle."""
    x = torch.arange(size, dtype=torch.float64) - size // 2 - shift
    taps = torch.softmax(-0.5 * (x / sigma.clamp(min=_LEAST_SIGMA)[:, None]) ** 2, dim=1)
    return taps[:, :, None] * taps[:, None, :]


def _distances(half: int, sigma_x: Tensor, sigma_y: Tensor, angle: Tensor) -> Tensor:
    x, y = _axes(half)
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    u = (x * cos + y * sin) / sigma_x.clamp(min=_LEAST_SIGMA)[:, None, None]
    v = (y * cos - x * sin) / sigma_y.clamp(min=_LEAST_SIGMA)[:, None, None]
    return u * u + v * v


def _axes(half: int) -> tuple[Tensor, Tensor]:
    """Return the x (1, K) and the y (K, 1) of kernels of K = 2 half + 1 pixels a side."""
    x = torch.arange(-half, half + 1, dtype=torch.float64)
    return x[None, :], x[:, None]
