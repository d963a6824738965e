"""How does Real-ESRGAN make LR from HR?

Wang et al. 2021, section 3 and figure 2, with the parameters of the published options file
train_realesrgan_x4plus.yml. Deviations: resize factors, kernels and the final order are drawn for
each picture unless asked otherwise, so that a batch is as diverse as the pool of pairs makes it
there; pictures keep their alignment when a resized side is no whole number of pixels; JPEG is that
of libjpeg.
"""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from torch import Tensor

from srkit_core.interfaces import Range
from srkit_degradations import published
from srkit_degradations.blurring import Blur, Sinc
from srkit_degradations.compression import Jpeg
from srkit_degradations.noising import Noise
from srkit_degradations.option_types import Draw
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation, apply_at_random, apply_by_label
from srkit_degradations.resizing import PixelSize, Resize, resized_back

_SINC: Final = Sinc(cutoff=published.FINAL_CUTOFF, size=published.KERNEL_SIZES)
"""The final filter, whose cutoffs do not depend on the size (RealESRGANDataset)."""

_RangePair = tuple[Range, Range]


@dataclass(frozen=True, kw_only=True)
class DegradationRound:
    """What one of the two rounds does: blurring, resizing, noise and JPEG."""

    blur: Blur
    resize: Resize
    noise: Noise
    jpeg: Jpeg


@dataclass(frozen=True, kw_only=True)
class RealESRGAN(PerPictureDegradation):
    """Two rounds of degradations, the last of them with a final sinc filter: (B, 3, sH, sW) -> (B,
    3, H, W) of 8-bit values.

    Options are those of the factory `realesrgan`.
    """

    name: ClassVar[str] = "realesrgan"

    scale: int
    first: DegradationRound
    second: DegradationRound
    draw: Draw = "picture"

    @classmethod
    def of(
        cls,
        *,
        scale: int,
        sigma: _RangePair,
        factor: _RangePair,
        noise: _RangePair,
        poisson: _RangePair,
        quality: _RangePair,
        draw: Draw,
    ) -> "RealESRGAN":
        """Return the chain with ranges for the first and the second round, and the published values
        of everything else.
        """
        first, second = (
            DegradationRound(
                blur=Blur(
                    kinds=published.BLUR_KINDS,
                    weights=published.BLUR_WEIGHTS,
                    sigma=sigma[i],
                    size=published.KERNEL_SIZES,
                ),
                resize=Resize(factor=factor[i], weights=published.UP_DOWN_KEEP[i], draw=draw),
                noise=Noise(
                    kinds=("gaussian", "poisson"),
                    sigma=noise[i],
                    factor=poisson[i],
                    gray=published.GRAY,
                ),
                jpeg=Jpeg(quality=quality[i]),
            )
            for i in range(2)
        )
        return cls(scale=scale, first=first, second=second, draw=draw)

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Make LR."""
        height, width = pictures.shape[-2:]
        rest = partial(self._after_first_resize, (height // self.scale, width // self.scale))
        blurred = self.first.blur.degrade(pictures, sampler.named("blur"))
        lr = self.first.resize.to_drawn_size(
            blurred, (height, width), sampler.named("resize"), rest
        )
        return (lr * 255).round_().clamp_(0, 255).div_(255)

    def _after_first_resize(
        self, size: PixelSize, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        noisy = self.first.noise.degrade(pictures, sampler.named("noise"))
        coded = self.first.jpeg.degrade(noisy, sampler.named("jpeg"))
        blurred = apply_at_random(
            coded,
            published.SECOND_BLUR,
            sampler,
            lambda group, group_sampler: self.second.blur.degrade(
                group, group_sampler.named("blur")
            ),
        )
        return self.second.resize.to_drawn_size(
            blurred, size, sampler.named("resize"), partial(self._after_second_resize, size)
        )

    def _after_second_resize(
        self, size: PixelSize, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        noisy = self.second.noise.degrade(pictures, sampler.named("noise"))
        chooser = sampler.named(self.name).per(self.draw)
        return apply_by_label(
            noisy,
            chooser.choice("last", ("jpeg", "sinc")),
            chooser,
            partial(self._finish, size),
        )

    def _finish(
        self, size: PixelSize, last: str, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        """Resize to LR and ring before JPEG or after it.

        Other orders make twisted lines (Wang et al. 2021, section 3.3).
        """
        if last == "jpeg":
            return self.second.jpeg.degrade(
                self._ringing(size, pictures, sampler), sampler.named("jpeg")
            )
        return self._ringing(
            size, self.second.jpeg.degrade(pictures, sampler.named("jpeg")), sampler
        )

    def _ringing(self, size: PixelSize, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        small = resized_back(pictures, size, published.RESIZE_KERNELS, sampler)
        return apply_at_random(
            small,
            published.FINAL_SINC,
            sampler,
            lambda group, group_sampler: _SINC.degrade(group, group_sampler.named("sinc")),
        )
