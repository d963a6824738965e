"""How is noise added to pictures?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor

from srkit_core.interfaces import Range
from srkit_degradations.blurring import check_choice_weights
from srkit_degradations.crop_traits import upper_end
from srkit_degradations.option_types import NoiseKind
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation, apply_by_label

_LUMA: Final = (0.299, 0.587, 0.114)
"""Weights of R, G and B (ITU-R BT.601)."""

_LEVELS: Final = 256


@dataclass(frozen=True, kw_only=True)
class Noise(PerPictureDegradation):
    """Adds noise of a drawn kind and strength to each picture, and clips to [0, 1].

    Options are those of the factory `noise`; `correlated` is the probability of Gaussian noise
    whose channels depend on each other with a drawn covariance, of BSRGAN, which draws it for the
    largest `sigma`.
    """

    name: ClassVar[str] = "noise"

    kinds: Sequence[NoiseKind] = ("gaussian",)
    weights: Sequence[float] = ()
    sigma: float | Range = 10.0
    factor: float | Range = 1.0
    gray: float = 0.0
    correlated: float = 0.0

    def __post_init__(self) -> None:
        """Raise OptionError for weights that do not fit the kinds."""
        check_choice_weights(self.name, self.kinds, self.weights)

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Add noise."""
        kinds = sampler.choice("kind", self.kinds, self.weights)
        return apply_by_label(
            pictures,
            kinds,
            sampler,
            lambda kind, group, group_sampler: (
                self._gaussian(group, group_sampler)
                if kind == "gaussian"
                else self._poisson(group, group_sampler)
            ),
        )

    def _gaussian(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        colours = sampler.choice(
            "colour", *_likely({"gray": self.gray, "correlated": self.correlated})
        )
        return apply_by_label(pictures, colours, sampler, self._normal)

    def _normal(self, colour: str, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Mix three independent normal values a pixel, so that the channels get the wanted
        covariance.
        """
        mixing = (self._mixing(colour, sampler) / 255).to(pictures)
        normal = torch.randn(
            pictures.shape, generator=sampler.rng, dtype=pictures.dtype, device=pictures.device
        )
        return (mixing @ normal.flatten(2)).view_as(pictures).add_(pictures).clamp_(0, 1)

    def _mixing(self, colour: str, sampler: ParameterSampler) -> Tensor:
        """Return (pictures, 3, 3) matrices whose products with their transposes are the
        covariances, in 8-bit units.
        """
        if colour == "correlated":
            return upper_end(self.sigma) * torch.stack(
                [_random_mixing(drawn) for drawn in sampler.uniform(4, 3)]
            )
        mixing = torch.tensor([[1.0, 0, 0]] * 3) if colour == "gray" else torch.eye(3)
        return sampler.value("sigma", self.sigma)[:, None, None] * mixing

    def _poisson(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        return apply_by_label(
            pictures, sampler.choice("colour", *_likely({"gray": self.gray})), sampler, self._shots
        )

    def _shots(self, colour: str, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        source = _as_gray(pictures) if colour == "gray" else pictures
        factor = sampler.value("factor", self.factor).to(pictures)[:, None, None, None]
        shots = [
            _shot_noise(one[None], rng) for one, rng in zip(source, sampler.rngs(), strict=True)
        ]
        return (pictures + factor * torch.cat(shots)).clamp_(0, 1)


def _likely(probabilities: dict[str, float]) -> tuple[list[str], list[float]]:
    """Return the words that can happen, `rgb` for the remaining probability, and their weights."""
    whole = {**probabilities, "rgb": 1 - sum(probabilities.values())}
    possible = {word: probability for word, probability in whole.items() if probability > 0}
    return list(possible), list(possible.values())


def _random_mixing(drawn: Tensor) -> Tensor:
    """Return a root of the covariance |U^T D U| that BSRGAN's code draws, from (4, 3) uniform
    numbers.

    D is diagonal with uniform entries, U an orthogonal basis of a uniform matrix.
    """
    basis = torch.linalg.svd(drawn[:3]).U
    values, vectors = torch.linalg.eigh((basis.T @ drawn[3].diag() @ basis).abs())
    root: Tensor = vectors * values.clamp(min=0).sqrt()
    return root


def _shot_noise(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """Return what counting photons adds to a picture: Poisson counts of as many photons as the
    picture has grey levels.

    The number of grey levels is that of the picture in 8 bit, rounded up to a power of 2
    (scikit-image's random_noise).
    """
    levels = (pictures * (_LEVELS - 1)).round().clamp_(0, _LEVELS - 1)
    present = torch.zeros(len(pictures), _LEVELS, device=pictures.device).scatter_(
        1, levels.long().flatten(1), 1.0
    )
    photons = torch.exp2(present.sum(1).log2().ceil()).to(pictures)[:, None, None, None]
    signal = levels / (_LEVELS - 1)
    return torch.poisson(signal * photons, generator=rng).div_(photons).sub_(signal)


def _as_gray(pictures: Tensor) -> Tensor:
    return (pictures * torch.tensor(_LUMA).to(pictures)[:, None, None]).sum(1, keepdim=True)
