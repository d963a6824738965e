"""What is drawn for each picture of a batch?"""

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

ValueT = TypeVar("ValueT", bound=float | str)
WordT = TypeVar("WordT", bound=str)


@dataclass(frozen=True)
class Dice:
    """Draws values for the pictures of a batch, and writes down what it drew.

    Parameters of a picture (a sigma, a quality) are drawn on the CPU by `host`, which is seeded
    from `rng`: kernels and sizes are made from them there, and a GPU is waited for once. Values of
    a pixel are drawn by `rng`, on the device of the pictures. `labels` names for each picture the
    component that draws; with `alike`, all pictures get one value.
    """

    rng: torch.Generator
    host: torch.Generator
    draws: Draws
    labels: tuple[str, ...]
    alike: bool = False

    @classmethod
    def for_batch(cls, count: int, rng: torch.Generator) -> Dice:
        """Return dice for `count` pictures; one draw of `rng` seeds all of their parameters."""
        seed = torch.randint(2**62, (), generator=rng, device=rng.device)
        return cls(
            rng, torch.Generator().manual_seed(int(seed)), [{} for _ in range(count)], ("",) * count
        )

    def __len__(self) -> int:
        return len(self.draws)

    def under(self, name: str) -> Dice:
        """Write what follows under a component's name: `blur`, or `blur.2` for a picture that was
        blurred before.
        """
        return replace(self, labels=tuple(free_label(name, one) for one in self.draws))

    def of(self, indices: Sequence[int]) -> Dice:
        """Return the dice of some of the pictures."""
        return replace(
            self,
            draws=[self.draws[i] for i in indices],
            labels=tuple(self.labels[i] for i in indices),
        )

    def for_all(self) -> Dice:
        """Return dice that draw one value for all pictures."""
        return replace(self, alike=True)

    def uniform(self, *shape: int) -> Tensor:
        """Return (pictures, *shape) float64 numbers in [0, 1), on the CPU."""
        drawn = torch.rand(
            1 if self.alike else len(self), *shape, generator=self.host, dtype=torch.float64
        )
        return drawn.expand(len(self), *shape)

    def between(self, low: float, high: float) -> Tensor:
        """Return one number in [low, high) a picture, (pictures,), on the CPU."""
        return low + (high - low) * self.uniform()

    def happens(self, probability: float) -> list[bool]:
        """Return for each picture whether something of that probability happens."""
        return [drawn < probability for drawn in self.uniform().tolist()]

    def number(self, name: str, option: float | Range) -> Tensor:
        """Return the value of an option for each picture, (pictures,).

        Of a range it is drawn, and written down.
        """
        if isinstance(option, Range):
            return self.written(name, self.between(option.low, option.high))
        return torch.full((len(self),), float(option), dtype=torch.float64)

    def places(self, weights: Sequence[float]) -> list[int]:
        """Return for each picture a place in a list of choices with these weights.

        Their sum need not be 1.
        """
        bounds = torch.tensor(weights, dtype=torch.float64).cumsum(0)
        return torch.searchsorted(bounds, self.uniform() * bounds[-1], right=True).tolist()

    def word(
        self, name: str, options: Sequence[WordT], weights: Sequence[float] = ()
    ) -> list[WordT]:
        """Return one of some words for each picture, equally likely unless weighted.

        A choice is written down.
        """
        if len(options) == 1:
            return [options[0]] * len(self)
        return self.noted(
            name, [options[place] for place in self.places(weights or [1.0] * len(options))]
        )

    def written(self, name: str, values: Tensor) -> Tensor:
        """Write numbers down, one a picture, and return them."""
        self.noted(name, [round(value, 4) for value in values.tolist()])
        return values

    def noted(self, name: str, values: list[ValueT]) -> list[ValueT]:
        """Write values down, one a picture, and return them."""
        for one, label, value in zip(self.draws, self.labels, values, strict=True):
            one[f"{label}.{name}"] = value
        return values

    def run(self, step: Degradation, pictures: Tensor) -> Tensor:
        """Apply any degradation, and write down what it drew if it tells."""
        if not isinstance(step, TracedDegradation):
            return step(pictures, rng=self.rng)
        changed, draws = step.traced(pictures, rng=self.rng)
        for one, drawn in zip(self.draws, draws, strict=True):
            add_draws(one, drawn)
        return changed
