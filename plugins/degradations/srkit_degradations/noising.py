"""How is noise added to pictures?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Final

import torch
from torch import Tensor

from srkit_core.interfaces import Range
from srkit_degradations.blurring import check_choice_weights
from srkit_degradations.canvas import Canvas, shipped_rows, with_changed
from srkit_degradations.crop_traits import upper_end
from srkit_degradations.option_types import NoiseKind
from srkit_degradations.parameter_sampler import ParameterSampler, by_label, drawn_by_label
from srkit_degradations.per_picture import PerPictureDegradation
from srkit_degradations.shipping import kept_on_device, shipped
from srkit_degradations.shot_noise import shot_noise

Matrix = list[list[float]]

_ONE: Final = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
_GRAY: Final = [[1.0, 0.0, 0.0]] * 3


@dataclass(frozen=True, slots=True)
class PictureNoise:
    """The noise of a picture as it was drawn: Gaussian noise mixes three independent values a pixel
    by (3, 3) `mixing`, in 8-bit units, Poisson noise is multiplied by `factor` and seeded by
    `seed`.
    """

    kind: NoiseKind = "gaussian"
    colour: str = "rgb"
    mixing: Matrix = field(default_factory=lambda: _ONE)
    factor: float = 1.0
    seed: int = 0

    def strength(self) -> Matrix:
        """Return (3, 3) numbers for pixels in [0, 1]: the mixing, or the factor in each place."""
        if self.kind == "poisson":
            return [[self.factor] * 3] * 3
        return [[one / 255 for one in row] for row in self.mixing]


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
        canvas = Canvas.of(pictures)
        return with_noise(canvas, self.draw(sampler), sampler.rng).pixels

    def draw(self, sampler: ParameterSampler) -> list[PictureNoise]:
        """Draw the noise of each picture, but for its pixels."""
        kinds = sampler.choice("kind", self.kinds, self.weights)
        return drawn_by_label(kinds, sampler, self._of_kind)

    def _of_kind(
        self, kind: NoiseKind, members: list[int], sampler: ParameterSampler
    ) -> list[PictureNoise]:
        gaussian = kind == "gaussian"
        likely = _likely(
            {"gray": self.gray, "correlated": self.correlated} if gaussian else {"gray": self.gray}
        )
        return drawn_by_label(
            sampler.choice("colour", *likely), sampler, self._normal if gaussian else self._shots
        )

    def _normal(
        self, colour: str, members: list[int], sampler: ParameterSampler
    ) -> list[PictureNoise]:
        if colour == "correlated":
            most = upper_end(self.sigma)
            rows = (_random_mixing(sampler.numbers.uniform(12)) for _ in members)
            return [PictureNoise("gaussian", colour, (most * one).tolist()) for one in rows]
        independent = _GRAY if colour == "gray" else _ONE
        return [
            PictureNoise("gaussian", colour, [[sigma * one for one in row] for row in independent])
            for sigma in sampler.value("sigma", self.sigma)
        ]

    def _shots(
        self, colour: str, members: list[int], sampler: ParameterSampler
    ) -> list[PictureNoise]:
        drawn = zip(sampler.value("factor", self.factor), sampler.seeds(), strict=True)
        return [PictureNoise("poisson", colour, _ONE, *one) for one in drawn]


def with_noise(canvas: Canvas, drawn: Sequence[PictureNoise], rng: torch.Generator) -> Canvas:
    """Add to each picture its noise, whose Gaussian pixels are drawn by `rng`, and clip."""
    groups = list(by_label([(one.kind, one.colour) for one in drawn]).values())
    ordered = [[drawn[row] for row in rows] for rows in groups]
    strengths = shipped([one.strength() for own in ordered for one in own], canvas.pixels)
    of_group = torch.split(strengths, [len(own) for own in ordered])
    chosen = shipped_rows(groups, canvas.pixels)
    for rows, own, numbers in zip(chosen, ordered, of_group, strict=True):
        add = _with_shots if own[0].kind == "poisson" else _with_normal
        canvas = with_changed(canvas, rows, partial(add, own, numbers, rng))
    return canvas


def _with_normal(
    drawn: Sequence[PictureNoise], mixing: Tensor, rng: torch.Generator, canvas: Canvas
) -> Canvas:
    """Mix three independent normal values a pixel by (B, 3, 3), so that the channels get the wanted
    covariance.
    """
    pixels = canvas.pixels
    normal = torch.randn(pixels.shape, generator=rng, dtype=pixels.dtype, device=pixels.device)
    mixed = torch.bmm(mixing, normal.flatten(2)).view_as(pixels)
    return canvas.showing(mixed.add_(pixels).clamp_(0, 1))


def _with_shots(
    drawn: Sequence[PictureNoise], factor: Tensor, rng: torch.Generator, canvas: Canvas
) -> Canvas:
    """Add shot noise times (B, 3, 3) `factor`, of which each number is that of the picture."""
    pixels, gray = canvas.pixels, drawn[0].colour == "gray"
    source = canvas.showing(_as_gray(pixels)) if gray else canvas
    shots = shot_noise(source, [one.seed for one in drawn], rng)
    return canvas.showing((pixels + factor[:, :1, :1, None] * shots).clamp_(0, 1))


def _likely(probabilities: dict[str, float]) -> tuple[list[str], list[float]]:
    """Return the words that can happen, `rgb` for the remaining probability, and their weights."""
    whole = {**probabilities, "rgb": 1 - sum(probabilities.values())}
    possible = {word: probability for word, probability in whole.items() if probability > 0}
    return list(possible), list(possible.values())


def _random_mixing(drawn: Sequence[float]) -> Tensor:
    """Return a root of the covariance |U^T D U| that BSRGAN's code draws, from 12 uniform numbers.

    D is diagonal with uniform entries, U an orthogonal basis of a uniform matrix.
    """
    uniform = torch.tensor(drawn, dtype=torch.float64).view(4, 3)
    basis = torch.linalg.svd(uniform[:3]).U
    values, vectors = torch.linalg.eigh((basis.T @ uniform[3].diag() @ basis).abs())
    root: Tensor = vectors * values.clamp(min=0).sqrt()
    return root


def _luma() -> Tensor:
    """Return the weights of R, G and B (ITU-R BT.601), (3, 1, 1)."""
    return torch.tensor([[[0.299]], [[0.587]], [[0.114]]], dtype=torch.float64)


def _as_gray(pictures: Tensor) -> Tensor:
    return (pictures * kept_on_device(_luma, pictures)).sum(1, keepdim=True)
