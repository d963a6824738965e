"""How are pictures resized by drawn factors?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.errors import OptionError
from srkit_core.interfaces import Degradation, Range
from srkit_degradations.canvas import (
    Canvas,
    PixelSize,
    in_their_order,
    on_canvas,
    room_for,
    shipped_rows,
)
from srkit_degradations.option_types import Draw, ResizeKernel
from srkit_degradations.parameter_sampler import ParameterSampler, by_label
from srkit_degradations.per_picture import PerPictureDegradation, apply_by_label
from srkit_degradations.published import RESIZE_KERNELS
from srkit_degradations.resize_matrices import resize_matrices


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
        """Resize there and back, pictures of one size together."""
        height, width = pictures.shape[-2:]
        back = height // self.divide, width // self.divide

        def there_and_back(
            label: tuple[float, ResizeKernel], group: Tensor, own: ParameterSampler
        ) -> Tensor:
            factor, kernel = label
            changed = _resized(group, times((height, width), factor), kernel)
            for step in self.through:
                changed = own.apply(step, changed)
            canvas, kernels = Canvas.of(changed), own.choice("back", self.kernels)
            return resized(canvas, [back] * len(kernels), kernels).pixels

        return apply_by_label(pictures, self.drawn(sampler), sampler, there_and_back)

    def drawn(self, sampler: ParameterSampler) -> list[tuple[float, ResizeKernel]]:
        """Draw a factor and a kernel for each picture."""
        chooser = sampler.per(self.draw)
        factors = self._factors(chooser)
        return list(zip(factors, chooser.choice("kernel", self.kernels), strict=True))

    def _factors(self, sampler: ParameterSampler) -> list[float]:
        if self.weights is None or not isinstance(self.factor, Range):
            return sampler.value("factor", self.factor)
        larger, smaller = sampler.between(1, self.factor.high), sampler.between(self.factor.low, 1)
        factors = zip(larger, smaller, [1.0] * len(sampler), strict=True)
        indices = sampler.choice_indices(self.weights)
        chosen = [three[index] for three, index in zip(factors, indices, strict=True)]
        return sampler.recorded("factor", chosen)


def times(size: PixelSize, factor: float) -> PixelSize:
    """Return a size after multiplication, in whole pixels, at least one."""
    return max(1, int(size[0] * factor)), max(1, int(size[1] * factor))


def resized(canvas: Canvas, sizes: Sequence[PixelSize], kernels: Sequence[ResizeKernel]) -> Canvas:
    """Resize each picture to a size, with a kernel: torch's, not widened against aliasing, as
    published; corners stay aligned.

    Pixels are averaged over areas (`area`) or interpolated; `bicubic` is Keys 1981 with a = -3/4
    and may overshoot. Pictures of one size are torch's own work; of several sizes, two products
    with matrices of the same weights make all at once.
    """
    sizes = [(max(1, height), max(1, width)) for height, width in sizes]
    if canvas.extent is None and len(set(sizes)) == 1:
        return Canvas.of(_by_kernel(canvas.pixels, sizes[0], kernels))
    made = on_canvas(canvas.pixels.new_empty(len(sizes), 0, *room_for(sizes)), sizes)
    down, across = resize_matrices(canvas, made, kernels)
    rows = torch.matmul(canvas.pixels, across[:, None].mT)
    return made.showing(torch.matmul(down[:, None], rows))


def _by_kernel(pictures: Tensor, size: PixelSize, kernels: Sequence[ResizeKernel]) -> Tensor:
    """Resize pictures to one size, those of a kernel together."""
    members = by_label(kernels)
    canvas, groups = Canvas.of(pictures), list(members.values())
    chosen = zip(members, shipped_rows(groups, pictures), strict=True)
    results = [_resized(canvas.picked(rows).pixels, size, kernel) for kernel, rows in chosen]
    return in_their_order(groups, results)


def _resized(pictures: Tensor, size: PixelSize, kernel: ResizeKernel) -> Tensor:
    if pictures.shape[-2:] == size:
        return pictures
    return functional.interpolate(pictures, size, mode=kernel)
