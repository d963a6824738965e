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
from srkit_degradations.base import PerPicture
from srkit_degradations.dice import Dice
from srkit_degradations.filtering import filtered, filtered_separably
from srkit_degradations.options import BlurKind
from srkit_degradations.reach import blur_size

_LARGE = 13
"""From this kernel size on the published range of cutoffs begins at pi/5 instead of pi/3."""


@dataclass(frozen=True, kw_only=True)
class Blur(PerPicture):
    """Blurs each picture with a kernel of a drawn kind, size and shape.

    Options are those of the factory `blur`.
    """

    name: ClassVar[str] = "blur"

    kinds: Sequence[BlurKind] = ("isotropic",)
    weights: Sequence[float] = ()
    sigma: float | Range = 1.5
    sigma_y: float | Range | None = None
    rotation: float | Range = published.EVERY_ANGLE
    beta: float | Range | None = None
    cutoff: float | Range | None = None
    size: int | Range | None = None

    def __post_init__(self) -> None:
        """Raise OptionError for an even kernel size, or weights that do not fit the kinds."""
        _check_size(self.name, self.size)
        check_weights(self.name, self.kinds, self.weights)

    def degraded(self, pictures: Tensor, dice: Dice) -> Tensor:
        """Blur; isotropic Gaussians alone are separable."""
        if set(self.kinds) == {"isotropic"}:
            return filtered_separably(
                pictures, kernels.gaussian_taps(self._sizes(dice), dice.number("sigma", self.sigma))
            )
        return filtered(pictures, self.kernels(dice))

    def kernels(self, dice: Dice) -> Tensor:
        """Draw (pictures, K, K) kernels."""
        kinds = dice.word("kind", self.kinds, self.weights)
        sizes = self._sizes(dice)
        drawn = torch.zeros(len(dice), int(sizes.max()), int(sizes.max()), dtype=torch.float64)
        for kind in dict.fromkeys(kinds):
            indices = [i for i, other in enumerate(kinds) if other == kind]
            made = self._of_kind(kind, sizes[indices], dice.of(indices))
            edge = (drawn.shape[-1] - made.shape[-1]) // 2
            drawn[indices] = torch.nn.functional.pad(made, (edge,) * 4)
        return drawn

    def _of_kind(self, kind: str, sizes: Tensor, dice: Dice) -> Tensor:
        if kind == "sinc":
            return kernels.sinc(sizes, self._cutoff(sizes, dice))
        family, _, anisotropic = kind.partition("-")
        shape = self._ellipse(dice, turned=bool(anisotropic) or kind == "anisotropic")
        if family == "generalised":
            return kernels.generalised(sizes, *shape, self._beta(family, dice))
        return (
            kernels.plateau(sizes, *shape, self._beta(family, dice))
            if family == "plateau"
            else kernels.gaussian(sizes, *shape)
        )

    def _ellipse(self, dice: Dice, *, turned: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Return both standard deviations in pixels and the angle in radians."""
        sigma = dice.number("sigma", self.sigma)
        if not turned:
            return sigma, sigma, torch.zeros_like(sigma)
        sigma_y = dice.number("sigma_y", self.sigma if self.sigma_y is None else self.sigma_y)
        return sigma, sigma_y, dice.number("rotation", self.rotation) * (math.pi / 180)

    def _beta(self, family: str, dice: Dice) -> Tensor:
        """Of a range around 1, half of the draws lie below 1 and half above, as published."""
        usual = published.BETA_GENERALISED if family == "generalised" else published.BETA_PLATEAU
        beta = usual if self.beta is None else self.beta
        if not isinstance(beta, Range) or not beta.low <= 1 <= beta.high:
            return dice.number("beta", beta)
        below, above = dice.between(beta.low, 1), dice.between(1, beta.high)
        return dice.written("beta", torch.where(dice.uniform() < 0.5, below, above))

    def _cutoff(self, sizes: Tensor, dice: Dice) -> Tensor:
        if self.cutoff is not None:
            return dice.number("cutoff", self.cutoff)
        lowest = torch.where(sizes < _LARGE, math.pi / 3, math.pi / 5)
        return dice.written("cutoff", lowest + (math.pi - lowest) * dice.uniform())

    def _sizes(self, dice: Dice) -> Tensor:
        if not isinstance(self.size, Range):
            return torch.full((len(dice),), blur_size(self.size, self.sigma, self.sigma_y))
        smallest, largest = _odd_ends(self.size)
        steps = (dice.uniform() * ((largest - smallest) // 2 + 1)).long()
        sizes = smallest + 2 * steps
        dice.noted("size", sizes.tolist())
        return sizes


@dataclass(frozen=True, kw_only=True)
class Sinc(Blur):
    """A blur whose kernels are all of the kind `sinc`."""

    name: ClassVar[str] = "sinc"

    kinds: Sequence[BlurKind] = ("sinc",)


def check_weights(component: str, choices: Sequence[str], weights: Sequence[float]) -> None:
    """Raise OptionError unless there is one weight a choice, or none at all."""
    if weights and (len(weights) != len(choices) or min(weights) < 0 or sum(weights) <= 0):
        raise OptionError(
            f"{component}: weights must be {len(choices)} numbers of at least 0 that are not all "
            f"0, not {list(weights)}",
            component=component,
            option="weights",
        )


def _check_size(component: str, size: int | Range | None) -> None:
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
