"""How are pictures blurred by drawn kernels?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from srkit_core.errors import OptionError
from srkit_core.interfaces import Range
from srkit_degradations import kernels, published
from srkit_degradations.crop_traits import blur_size
from srkit_degradations.filtering import filtered, filtered_separably
from srkit_degradations.option_types import BlurKind
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation

_LARGE = 13
"""From this kernel size on the published range of cutoffs begins at pi/5 instead of pi/3."""


@dataclass(frozen=True, kw_only=True)
class Blur(PerPictureDegradation):
    """Blurs each picture with a kernel of a drawn kind, size and shape.

    Options are those of the factory `blur`; `plateau_beta` is `beta` for plateau kernels alone.
    """

    name: ClassVar[str] = "blur"

    kinds: Sequence[BlurKind] = ("isotropic",)
    weights: Sequence[float] = ()
    sigma: float | Range = 1.5
    sigma_y: float | Range | None = None
    rotation: float | Range = published.EVERY_ANGLE
    beta: float | Range | None = None
    plateau_beta: float | Range | None = None
    cutoff: float | Range | None = None
    size: int | Range | None = None

    def __post_init__(self) -> None:
        """Raise OptionError for an even kernel size, or weights that do not fit the kinds."""
        check_kernel_size(self.name, self.size)
        check_choice_weights(self.name, self.kinds, self.weights)

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Blur; isotropic Gaussians alone are separable."""
        if set(self.kinds) == {"isotropic"}:
            return filtered_separably(
                pictures,
                kernels.gaussian_taps(self._sizes(sampler), sampler.value("sigma", self.sigma)),
            )
        return filtered(pictures, self.kernels(sampler))

    def kernels(self, sampler: ParameterSampler) -> Tensor:
        """Draw (pictures, K, K) kernels."""
        kinds = sampler.choice("kind", self.kinds, self.weights)
        sizes = self._sizes(sampler)
        drawn = torch.zeros(len(sampler), int(sizes.max()), int(sizes.max()), dtype=torch.float64)
        for kind in dict.fromkeys(kinds):
            indices = [i for i, other in enumerate(kinds) if other == kind]
            of_kind = self._of_kind(kind, sizes[indices], sampler.subset(indices))
            edge = (drawn.shape[-1] - of_kind.shape[-1]) // 2
            drawn[indices] = torch.nn.functional.pad(of_kind, (edge,) * 4)
        return drawn

    def _of_kind(self, kind: str, sizes: Tensor, sampler: ParameterSampler) -> Tensor:
        if kind == "sinc":
            return kernels.sinc(sizes, self._cutoff(sizes, sampler))
        family, _, anisotropic = kind.partition("-")
        shape = self._ellipse(sampler, turned=bool(anisotropic) or kind == "anisotropic")
        if family == "generalised":
            return kernels.generalised(sizes, *shape, self._beta(family, sampler))
        return (
            kernels.plateau(sizes, *shape, self._beta(family, sampler))
            if family == "plateau"
            else kernels.gaussian(sizes, *shape)
        )

    def _ellipse(self, sampler: ParameterSampler, *, turned: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Return both standard deviations in pixels and the angle in radians."""
        sigma = sampler.value("sigma", self.sigma)
        if not turned:
            return sigma, sigma, torch.zeros_like(sigma)
        sigma_y = sampler.value("sigma_y", self.sigma if self.sigma_y is None else self.sigma_y)
        return sigma, sigma_y, sampler.value("rotation", self.rotation) * (math.pi / 180)

    def _beta(self, family: str, sampler: ParameterSampler) -> Tensor:
        """Of a range around 1, half of the draws lie below 1 and half above, as published."""
        generalised = family == "generalised"
        usual = published.BETA_GENERALISED if generalised else published.BETA_PLATEAU
        own = None if generalised else self.plateau_beta
        beta = next((one for one in (own, self.beta) if one is not None), usual)
        if not isinstance(beta, Range) or not beta.low <= 1 <= beta.high:
            return sampler.value("beta", beta)
        below, above = sampler.between(beta.low, 1), sampler.between(1, beta.high)
        return sampler.recorded("beta", torch.where(sampler.uniform() < 0.5, below, above))

    def _cutoff(self, sizes: Tensor, sampler: ParameterSampler) -> Tensor:
        if self.cutoff is not None:
            return sampler.value("cutoff", self.cutoff)
        lowest = torch.where(sizes < _LARGE, math.pi / 3, math.pi / 5)
        return sampler.recorded("cutoff", lowest + (math.pi - lowest) * sampler.uniform())

    def _sizes(self, sampler: ParameterSampler) -> Tensor:
        if not isinstance(self.size, Range):
            return torch.full((len(sampler),), blur_size(self.size, self.sigma, self.sigma_y))
        sizes = drawn_sizes(self.size, sampler)
        sampler.record("size", sizes.tolist())
        return sizes


@dataclass(frozen=True, kw_only=True)
class Sinc(Blur):
    """A blur whose kernels are all of the kind `sinc`."""

    name: ClassVar[str] = "sinc"

    kinds: Sequence[BlurKind] = ("sinc",)


def drawn_sizes(size: Range, sampler: ParameterSampler) -> Tensor:
    """Draw an odd number of a range for each picture."""
    smallest, largest = _odd_ends(size)
    return smallest + 2 * (sampler.uniform() * ((largest - smallest) // 2 + 1)).long()


def check_choice_weights(
    component: str, choices: Sequence[str], weights: Sequence[float], option: str = "weights"
) -> None:
    """Raise OptionError unless there is one weight a choice, or none at all."""
    if weights and (len(weights) != len(choices) or min(weights) < 0 or sum(weights) <= 0):
        raise OptionError(
            f"{component}: {option} must be {len(choices)} numbers of at least 0 that are not all "
            f"0, not {list(weights)}",
            component=component,
            option=option,
        )


def check_kernel_size(component: str, size: int | Range | None) -> None:
    """Raise OptionError for a size of a kernel that is even, or a range without an odd number."""
    even = isinstance(size, int) and size % 2 == 0
    if even or (isinstance(size, Range) and _odd_ends(size)[0] > _odd_ends(size)[1]):
        raise OptionError(
            f"{component}: size must be odd or a range with an odd number in it, not {size}",
            component=component,
            option="size",
        )


def _odd_ends(size: Range) -> tuple[int, int]:
    """Return the smallest and the largest odd number of a range."""
    return math.ceil((size.low - 1) / 2) * 2 + 1, math.floor((size.high - 1) / 2) * 2 + 1
