"""How are pictures blurred by drawn kernels?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from srkit_core.errors import OptionError
from srkit_core.interfaces import Range
from srkit_degradations import published
from srkit_degradations.canvas import Canvas
from srkit_degradations.crop_traits import blur_size
from srkit_degradations.drawn_kernels import DrawnKernel, column, kernels_of
from srkit_degradations.filtering import filtered, filtered_separably
from srkit_degradations.kernels import gaussian_taps
from srkit_degradations.option_types import BlurKind
from srkit_degradations.parameter_sampler import ParameterSampler, drawn_by_label
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
        """Blur each picture."""
        return self.applied(Canvas.of(pictures), self.draw(sampler)).pixels

    def applied(self, canvas: Canvas, shapes: Sequence[DrawnKernel]) -> Canvas:
        """Blur with kernels of these shapes; isotropic Gaussians alone are separable."""
        if set(self.kinds) == {"isotropic"}:
            sizes = torch.tensor([one.size for one in shapes])
            return filtered_separably(canvas, gaussian_taps(sizes, column(shapes, "sigma_x")))
        return filtered(canvas, kernels_of(shapes))

    def draw(self, sampler: ParameterSampler) -> list[DrawnKernel]:
        """Draw a kernel for each picture."""
        kinds = sampler.choice("kind", self.kinds, self.weights)
        sizes = self._sizes(sampler)
        return drawn_by_label(
            kinds,
            sampler,
            lambda kind, members, own: self._of_kind(kind, [sizes[i] for i in members], own),
        )

    def _of_kind(
        self, kind: BlurKind, sizes: Sequence[int], sampler: ParameterSampler
    ) -> list[DrawnKernel]:
        if kind == "sinc":
            cutoffs = self._cutoff(sizes, sampler)
            return [DrawnKernel("sinc", *one) for one in zip(sizes, cutoffs, strict=True)]
        family, _, anisotropic = kind.partition("-")
        ellipse = self._ellipse(sampler, turned=bool(anisotropic) or kind == "anisotropic")
        curved = family in ("generalised", "plateau")
        betas = self._beta(family, sampler) if curved else [1.0] * len(sampler)
        return [
            DrawnKernel(family if curved else "gaussian", size, 0.0, *of_one)
            for size, *of_one in zip(sizes, *ellipse, betas, strict=True)
        ]

    def _ellipse(
        self, sampler: ParameterSampler, *, turned: bool
    ) -> tuple[list[float], list[float], list[float]]:
        """Return both standard deviations in pixels and the angle in radians."""
        sigma = sampler.value("sigma", self.sigma)
        if not turned:
            return sigma, sigma, [0.0] * len(sampler)
        sigma_y = sampler.value("sigma_y", self.sigma if self.sigma_y is None else self.sigma_y)
        angles = sampler.value("rotation", self.rotation)
        return sigma, sigma_y, [one * (math.pi / 180) for one in angles]

    def _beta(self, family: str, sampler: ParameterSampler) -> list[float]:
        """Of a range around 1, half of the draws lie below 1 and half above, as published."""
        generalised = family == "generalised"
        usual = published.BETA_GENERALISED if generalised else published.BETA_PLATEAU
        own = None if generalised else self.plateau_beta
        beta = next((one for one in (own, self.beta) if one is not None), usual)
        if not isinstance(beta, Range) or not beta.low <= 1 <= beta.high:
            return sampler.value("beta", beta)
        both = sampler.between(beta.low, 1), sampler.between(1, beta.high), sampler.bernoulli(0.5)
        chosen = [low if below else high for low, high, below in zip(*both, strict=True)]
        return sampler.recorded("beta", chosen)

    def _cutoff(self, sizes: Sequence[int], sampler: ParameterSampler) -> list[float]:
        if self.cutoff is not None:
            return sampler.value("cutoff", self.cutoff)
        lowest = [math.pi / 3 if size < _LARGE else math.pi / 5 for size in sizes]
        drawn = zip(lowest, sampler.uniform(), strict=True)
        return sampler.recorded("cutoff", [low + (math.pi - low) * one for low, one in drawn])

    def _sizes(self, sampler: ParameterSampler) -> list[int]:
        if not isinstance(self.size, Range):
            return [blur_size(self.size, self.sigma, self.sigma_y)] * len(sampler)
        return sampler.record("size", drawn_sizes(self.size, sampler))


@dataclass(frozen=True, kw_only=True)
class Sinc(Blur):
    """A blur whose kernels are all of the kind `sinc`."""

    name: ClassVar[str] = "sinc"

    kinds: Sequence[BlurKind] = ("sinc",)


def drawn_sizes(size: Range, sampler: ParameterSampler) -> list[int]:
    """Draw an odd number of a range for each picture."""
    smallest, largest = _odd_ends(size)
    count = (largest - smallest) // 2 + 1
    return [smallest + 2 * int(drawn * count) for drawn in sampler.uniform()]


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
