"""How does BSRGAN make LR from HR?

Zhang et al. 2021, section 3, with the parameters of the published code (degradation_bsrgan), whose
optional camera model is left out. Deviations: noise levels and qualities are drawn from whole
ranges, and for downsampling without a blur the kernels are torch's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from torch import Tensor

from srkit_core.errors import OptionError
from srkit_core.interfaces import Range
from srkit_degradations.blurring import check_kernel_size, drawn_sizes
from srkit_degradations.bsrgan_steps import DrawnStep, LrBeingMade, all_done
from srkit_degradations.canvas import Canvas, in_their_order, shipped_rows, worked_on_together
from srkit_degradations.compression import Jpeg
from srkit_degradations.drawn_kernels import DrawnKernel, KernelTable
from srkit_degradations.noising import Noise
from srkit_degradations.option_types import ResizeKernel
from srkit_degradations.parameter_sampler import (
    ParameterSampler,
    by_label,
    drawn_at_random,
    drawn_by_label,
)
from srkit_degradations.per_picture import PerPictureDegradation
from srkit_degradations.shuffling import order_of

_STEPS: Final = ("blur", "blur", "downsample", "resize", "noise", "jpeg")

_Queue = list[DrawnStep]
"""What happens to a picture, in this order."""


@dataclass(frozen=True, kw_only=True)
class BSRGAN(PerPictureDegradation):
    """Blurs twice, makes smaller, adds noise and compresses in random order: (B, 3, sH, sW) -> (B,
    3, H, W) of 8-bit values.

    Options are those of the factory `bsrgan`.
    """

    name: ClassVar[str] = "bsrgan"

    scale: int
    noise: Range
    quality: Range
    shuffle: float
    halved: float
    size: Range
    anisotropic: float
    sigma: Range | None
    variance: Range | None
    plain: float
    shrink: Range | None
    shifted_sigma: Range | None
    resize_kernels: Sequence[ResizeKernel]
    gray: float
    correlated: float
    early_jpeg: float

    def __post_init__(self) -> None:
        """Raise OptionError for sizes without an odd number, and for colours of noise that are
        more than likely.
        """
        check_kernel_size(self.name, self.size)
        if self.gray + self.correlated > 1:
            raise OptionError(
                f"{self.name}: gray={self.gray} and correlated={self.correlated} are more than 1 "
                "together",
                component=self.name,
                option="correlated",
            )

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Make LR: all is drawn first, but for the noise of pixels; at x4 some pictures are halved
        before everything else.
        """
        height, width = pictures.shape[-2:]
        halving = sampler.bernoulli(self.halved if self.scale == 4 else 0)
        queues = drawn_by_label(halving, sampler, self._draw)
        labels = [tuple(step.kind() for step in queue) for queue in queues]
        groups = worked_on_together(labels, pictures.device)
        canvas, lr = Canvas.of(pictures), (height // self.scale, width // self.scale)
        kernels = KernelTable.of((step.shape for queue in queues for step in queue), pictures)
        made = LrBeingMade(lr, kernels, sampler.rng)
        results = [
            all_done(canvas.picked(rows), [queues[row] for row in rows.numbers], made)
            for rows in shipped_rows(groups, pictures)
        ]
        return in_their_order(groups, results)

    def _draw(self, halving: bool, members: list[int], sampler: ParameterSampler) -> list[_Queue]:
        """Draw the steps in an order drawn for each picture, and JPEG once more."""
        queues: list[_Queue] = [[] for _ in members]
        if halving:
            kernels = (None, *self.resize_kernels)
            indices = sampler.choice_indices([0.5] + [0.5 / len(kernels[1:])] * len(kernels[1:]))
            _append(queues, [DrawnStep("halve", kernel=kernels[index]) for index in indices])
        orders = [_with_resize_last(order_of(one)) for one in sampler.uniform_rows(len(_STEPS))]
        shuffled = [True] * len(orders) if self.shuffle == 1 else sampler.bernoulli(self.shuffle)
        orders = [own if use else _STEPS for own, use in zip(orders, shuffled, strict=True)]
        sampler.record("order", [" ".join(order) for order in orders])
        scale = self.scale // 2 if halving else self.scale
        for order, rows in by_label(orders).items():
            self._draw_order(order, scale, [queues[row] for row in rows], sampler.subset(rows))
        _append(queues, self._draw_quality(sampler))
        return queues

    def _draw_order(
        self, order: Sequence[str], scale: int, queues: Sequence[_Queue], sampler: ParameterSampler
    ) -> None:
        """Draw step after step; after the downsampling for those together that become alike."""
        for at, name in enumerate(order):
            if name == "downsample":
                sampler = sampler.named(name)
                steps = self._draw_downsampling(scale, sampler)
                _append(queues, steps)
                for rows in by_label([step.kind() for step in steps]).values():
                    own, rest = sampler.subset(rows), [queues[row] for row in rows]
                    if steps[rows[0]].name == "subsample":
                        self._draw_shift(rest, own)
                    self._draw_order(order[at + 1 :], scale, rest, own)
                return
            _append(queues, self._draw_step(name, scale, sampler))

    def _draw_step(
        self, name: str, scale: int, sampler: ParameterSampler
    ) -> Sequence[DrawnStep | None]:
        if name == "blur":
            return self._draw_blur(scale, sampler.named("blur"))
        if name == "resize":
            kernels = sampler.named("resize").choice("back", self.resize_kernels)
            return [DrawnStep("resize", kernel=kernel) for kernel in kernels]
        if name == "noise":
            noise = Noise(sigma=self.noise, gray=self.gray, correlated=self.correlated)
            return [DrawnStep("noise", noise=one) for one in noise.draw(sampler.named("noise"))]
        return drawn_at_random(self.early_jpeg, sampler, self._draw_quality)

    def _draw_quality(self, sampler: ParameterSampler) -> list[DrawnStep]:
        qualities = Jpeg(quality=self.quality).draw(sampler.named("jpeg"))
        return [DrawnStep("jpeg", quality=one) for one in qualities]

    def _draw_blur(self, scale: int, sampler: ParameterSampler) -> list[DrawnStep]:
        """Draw an anisotropic Gaussian of uniform variances, or an isotropic one of uniform
        standard deviation.
        """
        sizes = drawn_sizes(self.size, sampler)
        anisotropic = sampler.bernoulli(self.anisotropic)
        sigma = self.sigma or Range(0, 2 + 0.2 * scale)
        variance = self.variance or Range(0, 4 + scale)
        isotropic = sampler.between(sigma.low, sigma.high)
        sigmas = []
        for name in ("sigma", "sigma_y"):
            drawn = zip(
                anisotropic, sampler.between(variance.low, variance.high), isotropic, strict=True
            )
            of_axis = [math.sqrt(one) if turned else equal for turned, one, equal in drawn]
            sigmas.append(sampler.recorded(name, of_axis))
        shapes = zip(sizes, *sigmas, sampler.between(0, math.pi), strict=True)
        return [
            DrawnStep("blur", shape=DrawnKernel("gaussian", size, 0.0, *ellipse))
            for size, *ellipse in shapes
        ]

    def _draw_downsampling(self, scale: int, sampler: ParameterSampler) -> list[DrawnStep]:
        """Draw a factor of resizing, or that every `scale`-th pixel is taken after a blur."""
        plain = sampler.bernoulli(self.plain)
        shrink = self.shrink or Range(1, 2 * scale)
        drawn = zip(plain, sampler.between(shrink.low, shrink.high), strict=True)
        divisors = sampler.recorded("by", [one if use else float(scale) for use, one in drawn])
        kernels = sampler.choice("kernel", self.resize_kernels)
        return [
            DrawnStep("shrink" if use else "subsample", divisor=divisor, kernel=kernel)
            for use, divisor, kernel in zip(plain, divisors, kernels, strict=True)
        ]

    def _draw_shift(self, queues: Sequence[_Queue], sampler: ParameterSampler) -> None:
        """Draw the blur before every so many pixels one is taken; its kernel is shifted to the
        middle of those that one stands for.
        """
        scale = queues[0][-1].divisor
        wide = self.shifted_sigma or Range(0.1, 0.6 * scale)
        sigmas = sampler.recorded("sigma", sampler.between(wide.low, wide.high))
        for queue, sigma in zip(queues, sigmas, strict=True):
            queue[-1] = DrawnStep("subsample", divisor=scale, sigma=sigma)


def _append(queues: Sequence[_Queue], steps: Sequence[DrawnStep | None]) -> None:
    """Append to each queue its step, where there is one."""
    for queue, step in zip(queues, steps, strict=True):
        if step is not None:
            queue.append(step)


def _with_resize_last(indices: Sequence[int]) -> tuple[str, ...]:
    """Return the names of the steps in this order, with the resizing to LR after the downsampling
    it completes.
    """
    order = [_STEPS[index] for index in indices]
    first, second = sorted((order.index("downsample"), order.index("resize")))
    order[first], order[second] = "downsample", "resize"
    return tuple(order)
