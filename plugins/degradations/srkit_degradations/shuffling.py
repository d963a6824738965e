"""What if degradations happen in random order?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from srkit_core.interfaces import Degradation
from srkit_degradations.base import PerPicture, in_groups
from srkit_degradations.dice import Dice
from srkit_degradations.options import Draw


@dataclass(frozen=True, kw_only=True)
class Shuffle(PerPicture):
    """Applies degradations in an order drawn for each picture or batch.

    All orders are equally likely.
    """

    name: ClassVar[str] = "shuffle"

    of: Sequence[Degradation]
    draw: Draw = "picture"

    def degraded(self, pictures: Tensor, dice: Dice) -> Tensor:
        """Apply all of them; `order` counts from 1 in the order in which they were written."""
        drawing = dice.for_all() if self.draw == "batch" else dice
        orders = [tuple(order) for order in drawing.uniform(len(self.of)).argsort(1).tolist()]
        dice.noted("order", [" ".join(str(place + 1) for place in order) for order in orders])
        return in_groups(pictures, orders, dice, self._in_order)

    def _in_order(self, order: tuple[int, ...], pictures: Tensor, dice: Dice) -> Tensor:
        for place in order:
            pictures = dice.run(self.of[place], pictures)
        return pictures
