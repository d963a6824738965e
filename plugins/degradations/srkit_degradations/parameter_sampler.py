"""Which random parameters does each picture of a batch get?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeVar

import torch
from torch import Tensor

from srkit_core.host_draws import host_rng
from srkit_core.interfaces import (
    Degradation,
    Draws,
    Range,
    TracedDegradation,
    add_draws,
    free_label,
)
from srkit_degradations.host_numbers import HostNumbers
from srkit_degradations.option_types import Draw

ValueT = TypeVar("ValueT", bound=float | str)
ChoiceT = TypeVar("ChoiceT", bound=str)
DrawnT = TypeVar("DrawnT")
LabelT = TypeVar("LabelT", bound=Hashable)


@dataclass(frozen=True)
class ParameterSampler:
    """Draws values for the pictures of a batch, and records what it drew where `draws` are wanted.

    Parameters of a picture (a sigma, a quality) are drawn on the host by `numbers`, which are
    seeded from `rng`, since sizes depend on them and a GPU is never waited for. Values of a pixel
    are drawn by `rng`, on the device of the pictures. `labels` names for each picture the component
    that draws; with `one_for_all`, all pictures get one value.
    """

    rng: torch.Generator
    numbers: HostNumbers
    count: int
    draws: Draws | None
    labels: tuple[str, ...] = ()
    one_for_all: bool = False

    @classmethod
    def for_batch(cls, count: int, rng: torch.Generator, *, traced: bool) -> ParameterSampler:
        """Return a sampler for `count` pictures; one draw of `rng` seeds all parameters."""
        seed = int(torch.randint(2**62, (), generator=host_rng(rng)))
        draws: Draws | None = [{} for _ in range(count)] if traced else None
        return cls(rng, HostNumbers(seed), count, draws)

    def __len__(self) -> int:
        return self.count

    def named(self, name: str) -> ParameterSampler:
        """Record what follows under a component's name: `blur`, or `blur.2` for a picture that was
        blurred before.
        """
        if self.draws is None:
            return self
        return replace(self, labels=tuple(free_label(name, one) for one in self.draws))

    def subset(self, indices: Sequence[int]) -> ParameterSampler:
        """Return the sampler of some of the pictures."""
        if self.draws is None:
            return replace(self, count=len(indices))
        return replace(
            self,
            count=len(indices),
            draws=[self.draws[i] for i in indices],
            labels=tuple(self.labels[i] for i in indices),
        )

    def per(self, draw: Draw) -> ParameterSampler:
        """Return a sampler that draws a value for each picture, or one for the whole batch."""
        return replace(self, one_for_all=draw == "batch")

    def uniform(self) -> list[float]:
        """Return a number in [0, 1) a picture."""
        if self.one_for_all:
            return self.numbers.uniform(1) * self.count
        return self.numbers.uniform(self.count)

    def uniform_rows(self, length: int) -> list[list[float]]:
        """Return `length` numbers in [0, 1) a picture."""
        if self.one_for_all:
            return [self.numbers.uniform(length)] * self.count
        return [self.numbers.uniform(length) for _ in range(self.count)]

    def seeds(self) -> list[int]:
        """Return a seed a picture, for what draws as many numbers as the picture asks for: those of
        others stay what they are.
        """
        return self.numbers.seeds(self.count)

    def between(self, low: float, high: float) -> list[float]:
        """Return a number in [low, high) a picture."""
        return [low + (high - low) * drawn for drawn in self.uniform()]

    def bernoulli(self, probability: float) -> list[bool]:
        """Return for each picture whether something of that probability happens."""
        return [drawn < probability for drawn in self.uniform()]

    def value(self, name: str, option: float | Range) -> list[float]:
        """Return the value of an option for each picture.

        Of a range it is drawn, and recorded.
        """
        if isinstance(option, Range):
            return self.recorded(name, self.between(option.low, option.high))
        return [float(option)] * self.count

    def choice_indices(self, weights: Sequence[float]) -> list[int]:
        """Return for each picture an index into a list of choices with these weights.

        Their sum need not be 1.
        """
        bounds = list(accumulate(weights))
        return [bisect_right(bounds, drawn * bounds[-1]) for drawn in self.uniform()]

    def choice(
        self, name: str, options: Sequence[ChoiceT], weights: Sequence[float] = ()
    ) -> list[ChoiceT]:
        """Return one of the options for each picture, recorded; equally likely unless weighted."""
        if len(options) == 1:
            return [options[0]] * self.count
        return self.record(
            name, [options[i] for i in self.choice_indices(weights or [1.0] * len(options))]
        )

    def recorded(self, name: str, values: list[float]) -> list[float]:
        """Record numbers, one a picture, and return them."""
        if self.draws is not None:
            self.record(name, [round(value, 4) for value in values])
        return values

    def record(self, name: str, values: list[ValueT]) -> list[ValueT]:
        """Record values, one a picture, and return them."""
        if self.draws is not None:
            for one, label, value in zip(self.draws, self.labels, values, strict=True):
                one[f"{label}.{name}"] = value
        return values

    def apply(self, step: Degradation, pictures: Tensor) -> Tensor:
        """Apply any degradation, and record what it drew if it is traced."""
        if self.draws is None or not isinstance(step, TracedDegradation):
            return step(pictures, rng=self.rng)
        changed, draws = step.traced(pictures, rng=self.rng)
        for one, drawn in zip(self.draws, draws, strict=True):
            add_draws(one, drawn)
        return changed


def by_label(labels: Sequence[LabelT]) -> dict[LabelT, list[int]]:
    """Return which pictures have each label, in the order in which labels first appear."""
    members: dict[LabelT, list[int]] = {}
    for number, label in enumerate(labels):
        members.setdefault(label, []).append(number)
    return members


def drawn_by_label(
    labels: Sequence[LabelT],
    sampler: ParameterSampler,
    draw: Callable[[LabelT, list[int], ParameterSampler], Sequence[DrawnT]],
) -> list[DrawnT]:
    """Draw for the pictures of each label together; returns what is drawn for each picture.

    `draw` takes a label, the numbers of its pictures, and their sampler.
    """
    drawn: dict[int, DrawnT] = {}
    for label, members in by_label(labels).items():
        own = sampler if len(members) == len(labels) else sampler.subset(members)
        drawn.update(zip(members, draw(label, members, own), strict=True))
    return [drawn[number] for number in range(len(labels))]


def drawn_at_random(
    probability: float,
    sampler: ParameterSampler,
    draw: Callable[[ParameterSampler], Sequence[DrawnT]],
) -> list[DrawnT | None]:
    """Draw for each picture with a probability, None for the others; whether is not drawn where it
    is 0 or 1.
    """
    chosen = (
        [bool(probability)] * len(sampler)
        if probability in (0, 1)
        else sampler.bernoulli(probability)
    )
    return drawn_by_label(
        chosen, sampler, lambda one, members, own: draw(own) if one else [None] * len(members)
    )
