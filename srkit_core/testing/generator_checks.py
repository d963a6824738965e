"""On which pictures is a generator tried, and at which scales?"""

from abc import ABC
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from srkit_core.binding import BoundComponent, bind
from srkit_core.expressions import Call, parse_call
from srkit_core.models.build import build
from srkit_core.specs import GeneratorSpec
from srkit_core.testing.network_contract import NetworkChecks, in_eval_mode
from srkit_core.testing.samples import pictures


class GeneratorChecks(NetworkChecks, ABC):
    """What checks of a generator are given. Subclass GeneratorContract, not this."""

    kind = "generator"

    def spec(self) -> GeneratorSpec:
        """Return the component's spec."""
        return self.bound().spec(GeneratorSpec)

    def unit(self, scale: int | None = None) -> int:
        """Return what LR sides must be a multiple of, at the contract's scale or another."""
        return self.bound_at(scale).amount(self.spec().size_multiple)

    def smallest(self, scale: int | None = None) -> int:
        """Return the smallest LR side that is a multiple of `unit`."""
        bound, unit = self.bound_at(scale), self.unit(scale)
        return unit * -(-bound.amount(bound.spec(GeneratorSpec).min_size) // unit)

    def receptive(self) -> int:
        """Return the declared reach of an output pixel, in LR pixels."""
        return self.bound().amount(self.spec().receptive)

    def sample(self, scale: int | None = None) -> Tensor:
        """Return two LR pictures with odd sides, as far as `size_multiple` allows."""
        unit = self.unit(scale)
        side = unit * (-(-max(self.smallest(scale), 5) // unit) | 1)
        return pictures(2, side, side + 2 * unit)

    def scales(self) -> Iterator[tuple[int, Any]]:
        """Yield every declared scale, with the generator in eval mode."""
        return ((scale, in_eval_mode(self.build(scale=scale))) for scale in self.spec().scales)

    def bound_at(self, scale: int | None) -> BoundComponent:
        """Return the component bound at a scale, or at the contract's."""
        return self.bound(scale=scale or self.scale)

    def finer(self, options: Mapping[str, Any]) -> Any:
        """Build it with other options, in eval mode."""
        written = parse_call(self.expression)
        both = dict(written.options) | dict(options)
        context = {"scale": self.scale, "patch": self.patch}
        changed = Call(written.name, tuple(both.items()))
        return in_eval_mode(build(bind(self.registry(), self.kind, changed, context)))
