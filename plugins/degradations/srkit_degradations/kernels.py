"""What do blur kernels look like?

Every function takes one row of parameters a picture, float64 on the CPU, and returns (pictures, K,
K) kernels that sum to 1, K being the largest of the odd sizes; a smaller kernel has zeros around
it. The y axis points down, an angle turns from x to y.
"""

import torch
from torch import Tensor

_LEAST_SIGMA = 1e-3
"""In pixels; a Gaussian this narrow is the identity, and divides by no zero."""


def gaussian(sizes: Tensor, sigma_x: Tensor, sigma_y: Tensor, angle: Tensor) -> Tensor:
    """Gaussians exp(-d/2) with d = (u / sigma_x)^2 + (v / sigma_y)^2 in axes turned by `angle`
    radians (Wang et al. 2021, eq. 2).
    """
    return _normalised(torch.exp(-_distance(sizes, sigma_x, sigma_y, angle) / 2), sizes)


def generalised(
    sizes: Tensor, sigma_x: Tensor, sigma_y: Tensor, angle: Tensor, beta: Tensor
) -> Tensor:
    """Generalised Gaussians exp(-d^beta / 2): more peaked than a Gaussian for beta < 1, flatter
    above (Wang et al. 2021, section 3.2).
    """
    powers = _distance(sizes, sigma_x, sigma_y, angle) ** beta[:, None, None]
    return _normalised(torch.exp(-powers / 2), sizes)


def plateau(sizes: Tensor, sigma_x: Tensor, sigma_y: Tensor, angle: Tensor, beta: Tensor) -> Tensor:
    """Plateaus 1 / (1 + d^beta), the steeper the larger beta (Wang et al. 2021, section 3.2)."""
    powers = _distance(sizes, sigma_x, sigma_y, angle) ** beta[:, None, None]
    return _normalised(1 / (1 + powers), sizes)


def sinc(sizes: Tensor, cutoff: Tensor) -> Tensor:
    """Circular ideal low-pass filters w J1(w r) / (2 pi r) with w = `cutoff`, radians a pixel (Wang
    et al. 2021, eq. 6).
    """
    x, y = _axes(sizes)
    radius, w = (x * x + y * y).sqrt(), cutoff[:, None, None]
    rings = w * torch.special.bessel_j1(w * radius) / (2 * torch.pi * radius)
    return _normalised(torch.where(radius == 0, w * w / (4 * torch.pi), rings), sizes)


def gaussian_taps(sizes: Tensor, sigma: Tensor) -> Tensor:
    """Return (pictures, K): the one-dimensional Gaussians whose outer products are the isotropic
    ones.
    """
    x, _ = _axes(sizes)
    taps = torch.exp(-0.5 * (x[0] / sigma.clamp(min=_LEAST_SIGMA)[:, None]) ** 2) * (
        x[0].abs() <= sizes[:, None] // 2
    )
    return taps / taps.sum(1, keepdim=True)


def shifted_gaussian(size: int, sigma: Tensor, shift: float) -> Tensor:
    """Isotropic Gaussians whose centre lies `shift` pixels right of and below the middle."""
    x = torch.arange(size, dtype=torch.float64) - size // 2 - shift
    taps = torch.softmax(-0.5 * (x / sigma.clamp(min=_LEAST_SIGMA)[:, None]) ** 2, dim=1)
    return taps[:, :, None] * taps[:, None, :]


def _distance(sizes: Tensor, sigma_x: Tensor, sigma_y: Tensor, angle: Tensor) -> Tensor:
    x, y = _axes(sizes)
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    u = (x * cos + y * sin) / sigma_x.clamp(min=_LEAST_SIGMA)[:, None, None]
    v = (y * cos - x * sin) / sigma_y.clamp(min=_LEAST_SIGMA)[:, None, None]
    return u * u + v * v


def _axes(sizes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the x (1, K) and the y (K, 1) of the largest kernel."""
    half = int(sizes.max()) // 2
    x = torch.arange(-half, half + 1, dtype=torch.float64)
    return x[None, :], x[:, None]


def _normalised(kernels: Tensor, sizes: Tensor) -> Tensor:
    x, y = _axes(sizes)
    inside = torch.maximum(x.abs(), y.abs()) <= (sizes // 2)[:, None, None]
    kept = kernels * inside
    return kept / kept.sum((1, 2), keepdim=True)
