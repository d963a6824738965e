"""How do degradations happen in random order?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from srkit_core.interfaces import Degradation
from srkit_degradations.option_types import Draw
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation, apply_by_label


@dataclass(frozen=True, kw_only=True)
class Shuffle(PerPictureDegradation):
    """Applies degradations in an order drawn for each picture or batch.

    All orders are equally likely.
    """

    name: ClassVar[str] = "shuffle"

    of: Sequence[Degradation]
    draw: Draw = "picture"

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Apply all of them; `order` counts from 1 in the order in which they were written."""
        chooser = sampler.per(self.draw)
        orders = [order_of(numbers) for numbers in chooser.uniform_rows(len(self.of))]
        sampler.record("order", [" ".join(str(index + 1) for index in order) for order in orders])
        return apply_by_label(pictures, orders, sampler, self._in_order)

    def _in_order(
        self, order: tuple[int, ...], pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        for index in order:
            pictures = sampler.apply(self.of[index], pictures)
        return pictures


def order_of(numbers: Sequence[float]) -> tuple[int, ...]:
    """Return the places of numbers, the smallest first."""
    return tuple(sorted(range(len(numbers)), key=numbers.__getitem__))
