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
from srkit_degradations.base import PerPicture, in_groups, sometimes
from srkit_degradations.compression import Jpeg
from srkit_degradations.dice import Dice
from srkit_degradations.filtering import filtered
from srkit_degradations.noising import Noise
from srkit_degradations.options import ResizeKernel
from srkit_degradations.published import GRAY, RESIZE_KERNELS
from srkit_degradations.resizing import Size, resized, resized_back

_STEPS: Final = ("blur", "blur", "downsample", "resize", "noise", "jpeg")
_HALF_FIRST: Final = 0.25
_ANISOTROPIC: Final = 0.5
_PLAIN_RESIZE: Final = 0.75
_EARLY_JPEG: Final = 0.9
_SMALLEST, _LARGEST = 7, 25
_SHIFTED_SIZE: Final = 25
_CORRELATED: Final = 0.2

Rest = Callable[[Tensor, Dice], Tensor]


@dataclass(frozen=True, kw_only=True)
class BSRGAN(PerPicture):
    """Blurs twice, makes smaller, adds noise and compresses in random order: (B, 3, sH, sW) -> (B,
    3, H, W) of 8-bit values.

    Options are those of the factory `bsrgan`.
    """

    name: ClassVar[str] = "bsrgan"

    scale: int
    noise: Range
    quality: Range

    def degraded(self, pictures: Tensor, dice: Dice) -> Tensor:
        """Make LR; at x4 some pictures are halved before everything else."""
        size = pictures.shape[-2] // self.scale, pictures.shape[-1] // self.scale
        halving = dice.happens(_HALF_FIRST if self.scale == 4 else 0)
        return in_groups(pictures, halving, dice, partial(self._maybe_halved, size))

    def _maybe_halved(self, size: Size, halving: bool, pictures: Tensor, dice: Dice) -> Tensor:
        if not halving:
            return self._shuffled(size, self.scale, pictures, dice)
        kernel = dice.places([0.5] + [0.5 / len(RESIZE_KERNELS)] * len(RESIZE_KERNELS))
        halved = in_groups(
            pictures, kernel, dice, lambda place, some, _: _halved(some, place)
        ).clamp_(0, 1)
        return self._shuffled(size, self.scale // 2, halved, dice)

    def _shuffled(self, size: Size, scale: int, pictures: Tensor, dice: Dice) -> Tensor:
        """Apply the steps in an order drawn for each picture, and JPEG once more."""
        orders = [
            _with_resize_last(order) for order in dice.uniform(len(_STEPS)).argsort(1).tolist()
        ]
        dice.noted("order", [" ".join(order) for order in orders])
        lr = in_groups(pictures, orders, dice, partial(self._in_order, size, scale))
        return self._coded(lr, dice)

    def _in_order(
        self, size: Size, scale: int, order: tuple[str, ...], pictures: Tensor, dice: Dice
    ) -> Tensor:
        if not order:
            return pictures
        rest = partial(self._in_order, size, scale, order[1:])
        if order[0] == "downsample":
            return _downsampled(scale, pictures, dice, rest)
        return rest(self._step(order[0], size, scale, pictures, dice), dice)

    def _step(self, name: str, size: Size, scale: int, pictures: Tensor, dice: Dice) -> Tensor:
        """Apply a step that leaves pictures of one size."""
        if name == "blur":
            return _blurred(scale, pictures, dice.under("blur"))
        if name == "resize":
            return resized_back(pictures, size, RESIZE_KERNELS, dice.under("resize")).clamp_(0, 1)
        if name == "noise":
            return Noise(sigma=self.noise, gray=GRAY, correlated=_CORRELATED).degraded(
                pictures, dice.under("noise")
            )
        return sometimes(pictures, _EARLY_JPEG, dice, self._coded)

    def _coded(self, pictures: Tensor, dice: Dice) -> Tensor:
        return Jpeg(quality=self.quality).degraded(pictures, dice.under("jpeg"))


def _with_resize_last(places: list[int]) -> tuple[str, ...]:
    """Return the names of the steps in this order, with the resizing to LR after the downsampling
    it completes.
    """
    order = [_STEPS[place] for place in places]
    first, second = sorted((order.index("downsample"), order.index("resize")))
    order[first], order[second] = "downsample", "resize"
    return tuple(order)


def _halved(pictures: Tensor, place: int) -> Tensor:
    """Halve with antialiased bicubic interpolation, or with one of the kernels."""
    size = pictures.shape[-2] // 2, pictures.shape[-1] // 2
    if place:
        return resized(pictures, size, RESIZE_KERNELS[place - 1])
    return functional.interpolate(pictures, size, mode="bicubic", antialias=True)


def _blurred(scale: int, pictures: Tensor, dice: Dice) -> Tensor:
    """Blur with an anisotropic Gaussian of uniform variances, or with an isotropic one of uniform
    standard deviation.
    """
    sizes = _SMALLEST + 2 * (dice.uniform() * ((_LARGEST - _SMALLEST) // 2 + 1)).long()
    anisotropic = torch.tensor(dice.happens(_ANISOTROPIC))
    isotropic = dice.between(0, 2 + 0.2 * scale)
    sigma_x = dice.written(
        "sigma", torch.where(anisotropic, dice.between(0, 4 + scale).sqrt(), isotropic)
    )
    sigma_y = dice.written(
        "sigma_y", torch.where(anisotropic, dice.between(0, 4 + scale).sqrt(), isotropic)
    )
    return filtered(pictures, kernels.gaussian(sizes, sigma_x, sigma_y, dice.between(0, math.pi)))


def _downsampled(scale: int, pictures: Tensor, dice: Dice, rest: Rest) -> Tensor:
    """Resize by a drawn factor, or blur and take every `scale`-th pixel.

    Then apply `rest` to the pictures of one size together.
    """
    here = dice.under("downsample")
    plain = torch.tensor(here.happens(_PLAIN_RESIZE))
    by = here.written("by", torch.where(plain, here.between(1, 2 * scale), float(scale))).tolist()
    ways = zip(plain.tolist(), by, here.word("kernel", RESIZE_KERNELS), strict=True)

    def work(way: tuple[bool, float, ResizeKernel], some: Tensor, of: Dice) -> Tensor:
        is_plain, divisor, kernel = way
        if is_plain:
            return rest(
                resized(
                    some, (int(some.shape[-2] / divisor), int(some.shape[-1] / divisor)), kernel
                ).clamp_(0, 1),
                of,
            )
        return rest(_blurred_and_thinned(scale, some, of), of)

    return in_groups(pictures, list(ways), here, work)


def _blurred_and_thinned(scale: int, pictures: Tensor, dice: Dice) -> Tensor:
    """Take every `scale`-th pixel of a blurred picture.

    The kernel is shifted to the middle of the pixels that one stands for.
    """
    sigma = dice.written("sigma", dice.between(0.1, 0.6 * scale))
    kernel = kernels.shifted_gaussian(_SHIFTED_SIZE, sigma, (scale - 1) / 2)
    return filtered(pictures, kernel)[..., ::scale, ::scale].clamp(0, 1)
