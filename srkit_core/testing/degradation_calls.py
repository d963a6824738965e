"""How is a degradation called in its checks?"""

from typing import Any

import torch
from torch import Tensor

from srkit_core.interfaces import Draws, TracedDegradation
from srkit_core.specs import DegradationSpec
from srkit_core.testing.call_checks import CallChecks
from srkit_core.testing.guarded import guarded
from srkit_core.testing.samples import pictures

_LR_SIDE = 8
_ALIKE = 1e-5


class DegradationCalls(CallChecks):
    """A degradation, and pictures that it takes."""

    def spec(self) -> DegradationSpec:
        """Return the component's spec."""
        return self.bound().spec(DegradationSpec)

    def divisor(self) -> int:
        """Return by how much the sides shrink."""
        return self.spec().divisor(self.bound().arguments)

    def margin(self) -> int:
        """Return how many HR pixels around a crop change it."""
        return self.spec().margin(self.bound().arguments)

    def samples(self, number: int = 0) -> tuple[Tensor, ...]:
        """Return HR, square pictures."""
        return (self.hr(2, seed=number),)

    @property
    def names_of_samples(self) -> tuple[str, ...]:
        """What people call the tensors of a sample."""
        return ("HR",)

    def ask(self, built: Any, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return LR under one seed."""
        return (built(inputs[0], rng=torch.Generator().manual_seed(0)),)

    def hr(self, batch: int = 2, *, seed: int = 0) -> Tensor:
        """Return square pictures that are large enough."""
        side = _LR_SIDE * self.divisor()
        side += -side % 16 if 16 % self.divisor() == 0 else 0
        return pictures(batch, side, side, seed=seed)

    def lr(self, hr: Tensor, *, seed: int = 0) -> Tensor:
        """Return the LR of a copy of HR under a seed, of a degradation that was just built."""
        rng = torch.Generator().manual_seed(seed)
        degradation = self.build()
        with guarded():
            made: Tensor = degradation(hr.clone(), rng=rng)
        return made.detach()

    def traced(
        self, hr: Tensor, *, seed: int = 0, built: Any = None
    ) -> tuple[Tensor, Draws] | None:
        """Return LR and what was drawn; None where the degradation does not tell."""
        degradation = self.build() if built is None else built
        if not isinstance(degradation, TracedDegradation):
            return None
        with guarded():
            return degradation.traced(hr.clone(), rng=torch.Generator().manual_seed(seed))

    def draws_on_the_cpu(self) -> bool:
        """Whether it draws from the generator of this test."""
        return self.is_random()

    def is_random(self) -> bool:
        """Whether the seed changes LR."""
        hr = self.hr(2)
        first = self.lr(hr)
        others = (self.lr(hr, seed=seed) for seed in range(1, 6))
        return any(not torch.allclose(first, other, atol=_ALIKE) for other in others)
