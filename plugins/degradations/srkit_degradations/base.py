"""What do all degradations of this plugin have in common?"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar, TypeVar

import torch
from torch import Tensor

from srkit_core.interfaces import Draws
from srkit_degradations.dice import Dice

LabelT = TypeVar("LabelT", bound=Hashable)


class PerPicture(ABC):
    """A degradation that draws for each picture of a batch, and can tell what it drew.

    Takes (B, 3, H, W) in [0, 1] of any float type and works in float32 (float64 for float64),
    whatever autocast is on. Returns [0, 1] in the type and on the device of its input.
    """

    name: ClassVar[str]

    def __call__(self, hr: Tensor, /, *, rng: torch.Generator) -> Tensor:
        """Degrade a batch; `rng` lives on the device of `hr`."""
        return self.traced(hr, rng=rng)[0]

    def traced(self, hr: Tensor, /, *, rng: torch.Generator) -> tuple[Tensor, Draws]:
        """Return the degraded batch, and for each picture what was drawn, such as `{"blur.sigma":
        1.7}`.
        """
        dice = Dice.for_batch(len(hr), rng)
        with torch.autocast(hr.device.type, enabled=False):
            work = hr.to(torch.promote_types(hr.dtype, torch.float32)).contiguous()
            lr = self.degraded(work, dice.under(self.name))
        return lr.clamp(0, 1).to(hr.dtype), dice.draws

    @abstractmethod
    def degraded(self, pictures: Tensor, dice: Dice) -> Tensor:
        """Degrade float32 or float64 pictures; the result may leave [0, 1] by overshoot."""


def in_groups(
    pictures: Tensor,
    labels: Sequence[LabelT],
    dice: Dice,
    work: Callable[[LabelT, Tensor, Dice], Tensor],
) -> Tensor:
    """Apply `work(label, pictures, dice)` to the pictures of each label together.

    All results must have one size.
    """
    members = {label: [i for i, other in enumerate(labels) if other == label] for label in labels}
    if len(members) == 1:
        return work(labels[0], pictures, dice)
    done = torch.cat(
        [work(label, pictures[indices], dice.of(indices)) for label, indices in members.items()]
    )
    order = torch.tensor([i for indices in members.values() for i in indices]).argsort()
    return done[order.to(done.device)]


def sometimes(
    pictures: Tensor, probability: float, dice: Dice, work: Callable[[Tensor, Dice], Tensor]
) -> Tensor:
    """Apply `work`, which keeps the size, to each picture with a probability."""
    return in_groups(
        pictures,
        dice.happens(probability),
        dice,
        lambda chosen, some, of: work(some, of) if chosen else some,
    )
