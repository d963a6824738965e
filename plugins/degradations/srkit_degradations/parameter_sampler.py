"""Which random parameters does each picture of a batch get?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

from srkit_core.interfaces import (
    Degradation,
    Draws,
    Range,
    TracedDegradation,
    add_draws,
    free_label,
)
from srkit_degradations.option_types import Draw

ValueT = TypeVar("ValueT", bound=float | str)
ChoiceT = TypeVar("ChoiceT", bound=str)


@dataclass(frozen=True)
class ParameterSampler:
    """Draws values for the pictures of a batch, and records what it drew.

    Parameters of a picture (a sigma, a quality) are drawn on the CPU by `cpu_rng`, which is seeded
    from `rng`: kernels and sizes are made from them there, and a GPU is waited for once. Values of
    a pixel are drawn by `rng`, on the device of the pictures. `labels` names for each picture the
    component that draws; with `one_for_all`, all pictures get one value.
    """

    rng: torch.Generator
    cpu_rng: torch.Generator
    draws: Draws
    labels: tuple[str, ...]
    one_for_all: bool = False

    @classmethod
    def for_batch(cls, count: int, rng: torch.Generator) -> ParameterSampler:
        """Return a sampler for `count` pictures; one draw of `rng` seeds all parameters."""
        seed = torch.randint(2**62, (), generator=rng, device=rng.device)
        return cls(
            rng, torch.Generator().manual_seed(int(seed)), [{} for _ in range(count)], ("",) * count
        )

    def __len__(self) -> int:
        return len(self.draws)

    def named(self, name: str) -> ParameterSampler:
        """Record what follows under a component's name: `blur`, or `blur.2` for a picture that was
        blurred before.
        """
        return replace(self, labels=tuple(free_label(name, one) for one in self.draws))

    def subset(self, indices: Sequence[int]) -> ParameterSampler:
        """Return the sampler of some of the pictures."""
        return replace(
            self,
            draws=[self.draws[i] for i in indices],
            labels=tuple(self.labels[i] for i in indices),
        )

    def per(self, draw: Draw) -> ParameterSampler:
        """Return a sampler that draws a value for each picture, or one for the whole batch."""
        return replace(self, one_for_all=draw == "batch")

    def uniform(self, *shape: int) -> Tensor:
        """Return (pictures, *shape) float64 numbers in [0, 1), on the CPU."""
        drawn = torch.rand(
            1 if self.one_for_all else len(self),
            *shape,
            generator=self.cpu_rng,
            dtype=torch.float64,
        )
        return drawn.expand(len(self), *shape)

    def rngs(self) -> list[torch.Generator]:
        """Return a generator a picture, on the device of `rng`, for what draws as many numbers as
        the picture asks for: those of others stay what they are.
        """
        seeds = torch.randint(2**62, (len(self),), generator=self.cpu_rng).tolist()
        return [torch.Generator(self.rng.device).manual_seed(seed) for seed in seeds]

    def between(self, low: float, high: float) -> Tensor:
        """Return one number in [low, high) a picture, (pictures,), on the CPU."""
        return low + (high - low) * self.uniform()

    def bernoulli(self, probability: float) -> list[bool]:
        """Return for each picture whether something of that probability happens."""
        return [drawn < probability for drawn in self.uniform().tolist()]

    def value(self, name: str, option: float | Range) -> Tensor:
        """Return the value of an option for each picture, (pictures,).

        Of a range it is drawn, and recorded.
        """
        if isinstance(option, Range):
            return self.recorded(name, self.between(option.low, option.high))
        return torch.full((len(self),), float(option), dtype=torch.float64)

    def choice_indices(self, weights: Sequence[float]) -> list[int]:
        """Return for each picture an index into a list of choices with these weights.

        Their sum need not be 1.
        """
        bounds = torch.tensor(weights, dtype=torch.float64).cumsum(0)
        return torch.searchsorted(bounds, self.uniform() * bounds[-1], right=True).tolist()

    def choice(
        self, name: str, options: Sequence[ChoiceT], weights: Sequence[float] = ()
    ) -> list[ChoiceT]:
        """Return one of the options for each picture, recorded; equally likely unless weighted."""
        if len(options) == 1:
            return [options[0]] * len(self)
        return self.record(
            name, [options[i] for i in self.choice_indices(weights or [1.0] * len(options))]
        )

    def recorded(self, name: str, values: Tensor) -> Tensor:
        """Record numbers, one a picture, and return them."""
        self.record(name, [round(value, 4) for value in values.tolist()])
        return values

    def record(self, name: str, values: list[ValueT]) -> list[ValueT]:
        """Record values, one a picture, and return them."""
        for one, label, value in zip(self.draws, self.labels, values, strict=True):
            one[f"{label}.{name}"] = value
        return values

    def apply(self, step: Degradation, pictures: Tensor) -> Tensor:
        """Apply any degradation, and record what it drew if it is traced."""
        if not isinstance(step, TracedDegradation):
            return step(pictures, rng=self.rng)
        changed, draws = step.traced(pictures, rng=self.rng)
        for one, drawn in zip(self.draws, draws, strict=True):
            add_draws(one, drawn)
        return changed
