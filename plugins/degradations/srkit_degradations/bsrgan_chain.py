"""How does BSRGAN make LR from HR?

Zhang et al. 2021, section 3, with the parameters of the published code (degradation_bsrgan), whose
optional camera model is left out. Deviations: noise levels and qualities are drawn from whole
ranges, and for downsampling without a blur the kernels are torch's.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

import torch
from torch import Tensor
from torch.nn import functional

from srkit_core.interfaces import Range
from srkit_degradations import kernels
from srkit_degradations.compression import Jpeg
from srkit_degradations.filtering import filtered
from srkit_degradations.noising import Noise
from srkit_degradations.option_types import ResizeKernel
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation, apply_at_random, apply_by_label
from srkit_degradations.published import GRAY, RESIZE_KERNELS
from srkit_degradations.resizing import PixelSize, resized, resized_back

_STEPS: Final = ("blur", "blur", "downsample", "resize", "noise", "jpeg")
_HALF_FIRST: Final = 0.25
_ANISOTROPIC: Final = 0.5
_PLAIN_RESIZE: Final = 0.75
_EARLY_JPEG: Final = 0.9
_SMALLEST, _LARGEST = 7, 25
_SHIFTED_SIZE: Final = 25
_CORRELATED: Final = 0.2

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

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Make LR; at x4 some pictures are halved before everything else."""
        size = pictures.shape[-2] // self.scale, pictures.shape[-1] // self.scale
        halving = sampler.bernoulli(_HALF_FIRST if self.scale == 4 else 0)
        return apply_by_label(pictures, halving, sampler, partial(self._maybe_halved, size))

    def _maybe_halved(
        self, size: PixelSize, halving: bool, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        if not halving:
            return self._shuffled(size, self.scale, pictures, sampler)
        halvings = sampler.choice_indices([0.5] + [0.5 / len(RESIZE_KERNELS)] * len(RESIZE_KERNELS))
        halved = apply_by_label(
            pictures, halvings, sampler, lambda index, group, _: _halved(group, index)
        ).clamp_(0, 1)
        return self._shuffled(size, self.scale // 2, halved, sampler)

    def _shuffled(
        self, size: PixelSize, scale: int, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        """Apply the steps in an order drawn for each picture, and JPEG once more."""
        orders = [
            _with_resize_last(order) for order in sampler.uniform(len(_STEPS)).argsort(1).tolist()
        ]
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
            return _downsampled(scale, pictures, sampler, rest)
        return rest(self._step(order[0], size, scale, pictures, sampler), sampler)

    def _step(
        self, name: str, size: PixelSize, scale: int, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        """Apply a step that leaves pictures of one size."""
        if name == "blur":
            return _blurred(scale, pictures, sampler.named("blur"))
        if name == "resize":
            return resized_back(pictures, size, RESIZE_KERNELS, sampler.named("resize")).clamp_(
                0, 1
            )
        if name == "noise":
            return Noise(sigma=self.noise, gray=GRAY, correlated=_CORRELATED).degrade(
                pictures, sampler.named("noise")
            )
        return apply_at_random(pictures, _EARLY_JPEG, sampler, self._coded)

    def _coded(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        return Jpeg(quality=self.quality).degrade(pictures, sampler.named("jpeg"))


def _with_resize_last(indices: list[int]) -> tuple[str, ...]:
    """Return the names of the steps in this order, with the resizing to LR after the downsampling
    it completes.
    """
    order = [_STEPS[index] for index in indices]
    first, second = sorted((order.index("downsample"), order.index("resize")))
    order[first], order[second] = "downsample", "resize"
    return tuple(order)


def _halved(pictures: Tensor, kernel: int) -> Tensor:
    """Halve with antialiased bicubic interpolation, or with one of the kernels."""
    size = pictures.shape[-2] // 2, pictures.shape[-1] // 2
    if kernel:
        return resized(pictures, size, RESIZE_KERNELS[kernel - 1])
    return functional.interpolate(pictures, size, mode="bicubic", antialias=True)


def _blurred(scale: int, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
    """Blur with an anisotropic Gaussian of uniform variances, or with an isotropic one of uniform
    standard deviation.
    """
    sizes = _SMALLEST + 2 * (sampler.uniform() * ((_LARGEST - _SMALLEST) // 2 + 1)).long()
    anisotropic = torch.tensor(sampler.bernoulli(_ANISOTROPIC))
    isotropic = sampler.between(0, 2 + 0.2 * scale)
    sigma_x = sampler.recorded(
        "sigma", torch.where(anisotropic, sampler.between(0, 4 + scale).sqrt(), isotropic)
    )
    sigma_y = sampler.recorded(
        "sigma_y", torch.where(anisotropic, sampler.between(0, 4 + scale).sqrt(), isotropic)
    )
    return filtered(
        pictures, kernels.gaussian(sizes, sigma_x, sigma_y, sampler.between(0, math.pi))
    )


def _downsampled(scale: int, pictures: Tensor, sampler: ParameterSampler, rest: _Rest) -> Tensor:
    """Resize by a drawn factor, or blur and take every `scale`-th pixel.

    Then apply `rest` to the pictures of one size together.
    """
    sampler = sampler.named("downsample")
    plain = torch.tensor(sampler.bernoulli(_PLAIN_RESIZE))
    divisors = sampler.recorded(
        "by", torch.where(plain, sampler.between(1, 2 * scale), float(scale))
    ).tolist()
    choices = zip(plain.tolist(), divisors, sampler.choice("kernel", RESIZE_KERNELS), strict=True)

    def downsample_group(
        choice: tuple[bool, float, ResizeKernel], group: Tensor, group_sampler: ParameterSampler
    ) -> Tensor:
        is_plain, divisor, kernel = choice
        if is_plain:
            return rest(
                resized(
                    group, (int(group.shape[-2] / divisor), int(group.shape[-1] / divisor)), kernel
                ).clamp_(0, 1),
                group_sampler,
            )
        return rest(_blurred_and_subsampled(scale, group, group_sampler), group_sampler)

    return apply_by_label(pictures, list(choices), sampler, downsample_group)


def _blurred_and_subsampled(scale: int, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
    """Take every `scale`-th pixel of a blurred picture.

    The kernel is shifted to the middle of the pixels that one stands for.
    """
    sigma = sampler.recorded("sigma", sampler.between(0.1, 0.6 * scale))
    kernel = kernels.shifted_gaussian(_SHIFTED_SIZE, sigma, (scale - 1) / 2)
    return filtered(pictures, kernel)[..., ::scale, ::scale].clamp(0, 1)
