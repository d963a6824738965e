"""How are pictures resized by drawn factors?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.errors import OptionError
from srkit_core.interfaces import Degradation, Range
from srkit_degradations.base import PerPicture, in_groups
from srkit_degradations.dice import Dice
from srkit_degradations.options import Draw, ResizeKernel
from srkit_degradations.published import RESIZE_KERNELS

Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Resize(PerPicture):
    """Resizes each picture by a drawn factor, degrades it further at that size, and resizes it to
    its size / `divide`.

    Options are those of the factory `resize`.
    """

    name: ClassVar[str] = "resize"

    factor: float | Range
    weights: tuple[float, float, float] | None = None
    kernels: Sequence[ResizeKernel] = RESIZE_KERNELS
    through: Sequence[Degradation] = ()
    divide: int = 1
    draw: Draw = "picture"

    def __post_init__(self) -> None:
        """Raise OptionError for weights with a factor that cannot both enlarge and shrink."""
        around_one = isinstance(self.factor, Range) and self.factor.low <= 1 <= self.factor.high
        if self.weights is not None and not around_one:
            raise OptionError(
                f"factor={self.factor} must be a range with 1 in it, because enlarging, shrinking "
                "and keeping have weights",
                component=self.name,
                option="factor",
            )

    def degraded(self, pictures: Tensor, dice: Dice) -> Tensor:
        """Resize there and back."""
        height, width = pictures.shape[-2:]

        def rest(some: Tensor, of: Dice) -> Tensor:
            for step in self.through:
                some = of.run(step, some)
            return resized_back(
                some, (height // self.divide, width // self.divide), self.kernels, of
            )

        return self.to_drawn_size(pictures, (height, width), dice, rest)

    def to_drawn_size(
        self, pictures: Tensor, size: Size, dice: Dice, rest: Callable[[Tensor, Dice], Tensor]
    ) -> Tensor:
        """Resize pictures to `size` times a drawn factor, and apply `rest`, which returns one size,
        to those of one size together.
        """
        drawing = dice.for_all() if self.draw == "batch" else dice
        factors = self._factors(drawing).tolist()
        chosen = list(zip(factors, drawing.word("kernel", self.kernels), strict=True))

        def work(label: tuple[float, ResizeKernel], some: Tensor, of: Dice) -> Tensor:
            factor, kernel = label
            return rest(resized(some, (int(size[0] * factor), int(size[1] * factor)), kernel), of)

        return in_groups(pictures, chosen, dice, work)

    def _factors(self, dice: Dice) -> Tensor:
        if self.weights is None or not isinstance(self.factor, Range):
            return dice.number("factor", self.factor)
        larger, smaller = dice.between(1, self.factor.high), dice.between(self.factor.low, 1)
        factors = torch.stack([larger, smaller, torch.ones_like(larger)], 1)
        places = torch.tensor(dice.places(self.weights))
        return dice.written("factor", factors.gather(1, places[:, None])[:, 0])


def resized_back(
    pictures: Tensor, size: Size, kernels: Sequence[ResizeKernel], dice: Dice
) -> Tensor:
    """Resize pictures to one size with a kernel drawn for each."""
    return in_groups(
        pictures,
        dice.word("back", kernels),
        dice,
        lambda kernel, some, _: resized(some, size, kernel),
    )


def resized(pictures: Tensor, size: Size, kernel: ResizeKernel) -> Tensor:
    """Resize to at least one pixel with torch's kernels, not widened against aliasing, as
    published; corners stay aligned.

    Pixels are averaged over areas (`area`) or interpolated; `bicubic` is Keys 1981 with a = -3/4
    and may overshoot.
    """
    height, width = max(1, size[0]), max(1, size[1])
    if pictures.shape[-2:] == (height, width):
        return pictures
    return functional.interpolate(pictures, (height, width), mode=kernel)
