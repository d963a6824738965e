"""How does BSRGAN make LR from HR?

Zhang et al. 2021, section 3, with the parameters of the published code (degradation_bsrgan), whose
optional camera model is left out. Deviations: noise levels and qualities are drawn from whole
ranges, and for downsampling without a blur the kernels are torch's.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.errors import OptionError
from srkit_core.interfaces import Range
from srkit_degradations import kernels
from srkit_degradations.blurring import check_kernel_size, drawn_sizes
from srkit_degradations.compression import Jpeg
from srkit_degradations.filtering import filtered
from srkit_degradations.noising import Noise
from srkit_degradations.option_types import ResizeKernel
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation, apply_at_random, apply_by_label
from srkit_degradations.resizing import PixelSize, resized, resized_back

_STEPS: Final = ("blur", "blur", "downsample", "resize", "noise", "jpeg")
_SHIFTED_SIZE: Final = 25

_Rest = Callable[[Tensor, ParameterSampler], Tensor]


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
        """Make LR; at x4 some pictures are halved before everything else."""
        size = pictures.shape[-2] // self.scale, pictures.shape[-1] // self.scale
        halving = sampler.bernoulli(self.halved if self.scale == 4 else 0)
        return apply_by_label(pictures, halving, sampler, partial(self._maybe_halved, size))

    def _maybe_halved(
        self, size: PixelSize, halving: bool, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        if not halving:
            return self._shuffled(size, self.scale, pictures, sampler)
        kernels = self.resize_kernels
        halvings = sampler.choice_indices([0.5] + [0.5 / len(kernels)] * len(kernels))
        halved = apply_by_label(
            pictures, halvings, sampler, lambda index, group, _: self._halved(group, index)
        ).clamp_(0, 1)
        return self._shuffled(size, self.scale // 2, halved, sampler)

    def _shuffled(
        self, size: PixelSize, scale: int, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        """Apply the steps in an order drawn for each picture, and JPEG once more."""
        drawn = [
            _with_resize_last(order) for order in sampler.uniform(len(_STEPS)).argsort(1).tolist()
        ]
        shuffled = [True] * len(drawn) if self.shuffle == 1 else sampler.bernoulli(self.shuffle)
        orders = [own if use else _STEPS for own, use in zip(drawn, shuffled, strict=True)]
        sampler.record("order", [" ".join(order) for order in orders])
        lr = apply_by_label(pictures, orders, sampler, partial(self._in_order, size, scale))
        return self._coded(lr, sampler)

    def _in_order(
        self,
        size: PixelSize,
        scale: int,
        order: tuple[str, ...],
        pictures: Tensor,
        sampler: ParameterSampler,
    ) -> Tensor:
        if not order:
            return pictures
        rest = partial(self._in_order, size, scale, order[1:])
        if order[0] == "downsample":
            return self._downsampled(scale, pictures, sampler, rest)
        return rest(self._step(order[0], size, scale, pictures, sampler), sampler)

    def _step(
        self, name: str, size: PixelSize, scale: int, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        """Apply a step that leaves pictures of one size."""
        if name == "blur":
            return self._blurred(scale, pictures, sampler.named("blur"))
        if name == "resize":
            back = resized_back(pictures, size, self.resize_kernels, sampler.named("resize"))
            return back.clamp_(0, 1)
        if name == "noise":
            noise = Noise(sigma=self.noise, gray=self.gray, correlated=self.correlated)
            return noise.degrade(pictures, sampler.named("noise"))
        return apply_at_random(pictures, self.early_jpeg, sampler, self._coded)

    def _coded(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        return Jpeg(quality=self.quality).degrade(pictures, sampler.named("jpeg"))

    def _halved(self, pictures: Tensor, kernel: int) -> Tensor:
        """Halve with antialiased bicubic interpolation, or with one of the kernels."""
        size = pictures.shape[-2] // 2, pictures.shape[-1] // 2
        if kernel:
            return resized(pictures, size, self.resize_kernels[kernel - 1])
        return functional.interpolate(pictures, size, mode="bicubic", antialias=True)

    def _blurred(self, scale: int, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Blur with an anisotropic Gaussian of uniform variances, or with an isotropic one of
        uniform standard deviation.
        """
        sizes = drawn_sizes(self.size, sampler)
        anisotropic = torch.tensor(sampler.bernoulli(self.anisotropic))
        sigma = self.sigma or Range(0, 2 + 0.2 * scale)
        variance = self.variance or Range(0, 4 + scale)
        isotropic = sampler.between(sigma.low, sigma.high)
        sigma_x, sigma_y = (
            sampler.recorded(name, torch.where(anisotropic, of_axis.sqrt(), isotropic))
            for name, of_axis in (
                (name, sampler.between(variance.low, variance.high))
                for name in ("sigma", "sigma_y")
            )
        )
        return filtered(
            pictures, kernels.gaussian(sizes, sigma_x, sigma_y, sampler.between(0, math.pi))
        )

    def _downsampled(
        self, scale: int, pictures: Tensor, sampler: ParameterSampler, rest: _Rest
    ) -> Tensor:
        """Resize by a drawn factor, or blur and take every `scale`-th pixel.

        Then apply `rest` to the pictures of one size together.
        """
        sampler = sampler.named("downsample")
        plain = torch.tensor(sampler.bernoulli(self.plain))
        shrink = self.shrink or Range(1, 2 * scale)
        divisors = sampler.recorded(
            "by", torch.where(plain, sampler.between(shrink.low, shrink.high), float(scale))
        ).tolist()
        drawn = sampler.choice("kernel", self.resize_kernels)
        choices = list(zip(plain.tolist(), divisors, drawn, strict=True))
        return apply_by_label(
            pictures, choices, sampler, partial(self._downsampled_group, scale, rest)
        )

    def _downsampled_group(
        self,
        scale: int,
        rest: _Rest,
        choice: tuple[bool, float, ResizeKernel],
        group: Tensor,
        sampler: ParameterSampler,
    ) -> Tensor:
        is_plain, divisor, kernel = choice
        if not is_plain:
            return rest(self._blurred_and_subsampled(scale, group, sampler), sampler)
        size = int(group.shape[-2] / divisor), int(group.shape[-1] / divisor)
        return rest(resized(group, size, kernel).clamp_(0, 1), sampler)

    def _blurred_and_subsampled(
        self, scale: int, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        """Take every `scale`-th pixel of a blurred picture.

        The kernel is shifted to the middle of the pixels that one stands for.
        """
        wide = self.shifted_sigma or Range(0.1, 0.6 * scale)
        sigma = sampler.recorded("sigma", sampler.between(wide.low, wide.high))
        kernel = kernels.shifted_gaussian(_SHIFTED_SIZE, sigma, (scale - 1) / 2)
        return filtered(pictures, kernel)[..., ::scale, ::scale].clamp(0, 1)


def _with_resize_last(indices: list[int]) -> tuple[str, ...]:
    """Return the names of the steps in this order, with the resizing to LR after the downsampling
    it completes.
    """
    order = [_STEPS[index] for index in indices]
    first, second = sorted((order.index("downsample"), order.index("resize")))
    order[first], order[second] = "downsample", "resize"
    return tuple(order)
