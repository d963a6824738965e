"""How do the steps of a chain degrade a batch, each some of its pictures?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from srkit_core.host_draws import host_rng
from srkit_core.interfaces import Degradation, Draws, TracedDegradation, add_draws
from srkit_core.models.component_errors import component_errors, shape_of


@dataclass(frozen=True)
class ChainStep:
    """A degradation that happens to each picture with a probability; its errors name `owner`."""

    degradation: Degradation
    owner: str
    probability: float

    def __call__(self, pictures: Tensor, rng: torch.Generator, draws: Draws | None) -> Tensor:
        """Degrade some pictures; `draws`, where they are wanted, get what was drawn for each."""
        if self.probability == 1:
            return self._degraded(pictures, rng, draws)
        drawn = torch.rand(len(pictures), generator=host_rng(rng)) < self.probability
        rows = [row for row, one in enumerate(drawn.tolist()) if one]
        if not rows:
            return pictures
        index = torch.tensor(rows).to(pictures.device, non_blocking=True)
        own = None if draws is None else [draws[row] for row in rows]
        some = self._degraded(pictures.index_select(0, index), rng, own)
        return pictures.index_copy(0, index, some)

    def _degraded(self, pictures: Tensor, rng: torch.Generator, draws: Draws | None) -> Tensor:
        with component_errors(self.owner, f"degraded {shape_of(pictures)}"):
            if draws is None or not isinstance(self.degradation, TracedDegradation):
                return self.degradation(pictures, rng=rng)
            changed, drawn = self.degradation.traced(pictures, rng=rng)
        for taken, new in zip(draws, drawn, strict=True):
            add_draws(taken, new)
        return changed


class ChainOfSteps:
    """Applies steps from left to right, each to every picture with its probability."""

    def __init__(self, steps: Sequence[ChainStep]) -> None:
        self._steps = steps

    def __call__(self, hr: Tensor, /, *, rng: torch.Generator) -> Tensor:
        """Return LR."""
        for step in self._steps:
            hr = step(hr, rng, None)
        return hr

    def traced(self, hr: Tensor, /, *, rng: torch.Generator) -> tuple[Tensor, Draws]:
        """Return LR, and what those of the steps that tell it drew for each picture."""
        draws: Draws = [{} for _ in range(len(hr))]
        for step in self._steps:
            hr = step(hr, rng, draws)
        return hr, draws
