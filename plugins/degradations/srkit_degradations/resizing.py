"""How are pictures resized by drawn factors?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.errors import OptionError
from srkit_core.interfaces import Degradation, Range
from srkit_degradations.option_types import Draw, ResizeKernel
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation, apply_by_label
from srkit_degradations.published import RESIZE_KERNELS

PixelSize = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Resize(PerPictureDegradation):
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

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Resize there and back."""
        height, width = pictures.shape[-2:]

        def rest(group: Tensor, group_sampler: ParameterSampler) -> Tensor:
            for step in self.through:
                group = group_sampler.apply(step, group)
            return resized_back(
                group, (height // self.divide, width // self.divide), self.kernels, group_sampler
            )

        return self.to_drawn_size(pictures, (height, width), sampler, rest)

    def to_drawn_size(
        self,
        pictures: Tensor,
        size: PixelSize,
        sampler: ParameterSampler,
        rest: Callable[[Tensor, ParameterSampler], Tensor],
    ) -> Tensor:
        """Resize pictures to `size` times a drawn factor, and apply `rest`, which returns one size,
        to those of one size together.
        """
        chooser = sampler.per(self.draw)
        factors = self._factors(chooser).tolist()
        chosen = list(zip(factors, chooser.choice("kernel", self.kernels), strict=True))

        def resize_group(
            label: tuple[float, ResizeKernel], group: Tensor, group_sampler: ParameterSampler
        ) -> Tensor:
            factor, kernel = label
            return rest(
                resized(group, (int(size[0] * factor), int(size[1] * factor)), kernel),
                group_sampler,
            )

        return apply_by_label(pictures, chosen, sampler, resize_group)

    def _factors(self, sampler: ParameterSampler) -> Tensor:
        if self.weights is None or not isinstance(self.factor, Range):
            return sampler.value("factor", self.factor)
        larger, smaller = sampler.between(1, self.factor.high), sampler.between(self.factor.low, 1)
        factors = torch.stack([larger, smaller, torch.ones_like(larger)], 1)
        indices = torch.tensor(sampler.choice_indices(self.weights))
        return sampler.recorded("factor", factors.gather(1, indices[:, None])[:, 0])


def resized_back(
    pictures: Tensor, size: PixelSize, kernels: Sequence[ResizeKernel], sampler: ParameterSampler
) -> Tensor:
    """Resize pictures to one size with a kernel drawn for each."""
    return apply_by_label(
        pictures,
        sampler.choice("back", kernels),
        sampler,
        lambda kernel, group, _: resized(group, size, kernel),
    )


def resized(pictures: Tensor, size: PixelSize, kernel: ResizeKernel) -> Tensor:
    """Resize to at least one pixel with torch's kernels, not widened against aliasing, as
    published; corners stay aligned.

    Pixels are averaged over areas (`area`) or interpolated; `bicubic` is Keys 1981 with a = -3/4
    and may overshoot.
    """
    height, width = max(1, size[0]), max(1, size[1])
    if pictures.shape[-2:] == (height, width):
        return pictures
    return functional.interpolate(pictures, (height, width), mode=kernel)
