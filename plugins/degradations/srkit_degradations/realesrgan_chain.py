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
from srkit_degradations.blurring import Blur, Sinc, check_choice_weights, check_kernel_size
from srkit_degradations.compression import Jpeg
from srkit_degradations.noising import Noise
from srkit_degradations.option_types import Draw, NoiseKind, ResizeKernel
from srkit_degradations.parameter_sampler import ParameterSampler
from srkit_degradations.per_picture import PerPictureDegradation, apply_at_random, apply_by_label
from srkit_degradations.published_chains import RealESRGANOptions
from srkit_degradations.resizing import PixelSize, Resize, resized_back

_NOISES: Final[tuple[NoiseKind, ...]] = ("gaussian", "poisson")


@dataclass(frozen=True, kw_only=True)
class DegradationRound:
    """What one of the two rounds does: blurring, resizing, noise and JPEG, the first and the last
    with a probability.
    """

    blur: Blur
    blur_probability: float
    resize: Resize
    noise: Noise
    jpeg: Jpeg
    jpeg_probability: float

    def blurred(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Blur pictures with their probability."""
        return apply_at_random(
            pictures,
            self.blur_probability,
            sampler,
            lambda group, group_sampler: self.blur.degrade(group, group_sampler.named("blur")),
        )

    def coded(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Compress pictures with their probability."""
        return apply_at_random(
            pictures,
            self.jpeg_probability,
            sampler,
            lambda group, group_sampler: self.jpeg.degrade(group, group_sampler.named("jpeg")),
        )


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
    final_sinc: float = published.FINAL_SINC
    final_size: Range = published.KERNEL_SIZES
    kernels: tuple[ResizeKernel, ...] = published.RESIZE_KERNELS
    draw: Draw = "picture"

    def __post_init__(self) -> None:
        """Raise OptionError for sizes of the final filter without an odd number."""
        check_kernel_size(self.name, self.final_size)

    @classmethod
    def of(cls, options: RealESRGANOptions) -> "RealESRGAN":
        """Return the chain; raises OptionError for weights and sizes that are none."""
        first, second = (_round(options, at) for at in range(2))
        return cls(
            scale=options.scale,
            first=first,
            second=second,
            final_sinc=options.final_sinc,
            final_size=options.final_size,
            kernels=options.resize_kernels,
            draw=options.draw,
        )

    def degrade(self, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        """Make LR."""
        height, width = pictures.shape[-2:]
        rest = partial(self._after_first_resize, (height // self.scale, width // self.scale))
        blurred = self.first.blurred(pictures, sampler)
        lr = self.first.resize.to_drawn_size(
            blurred, (height, width), sampler.named("resize"), rest
        )
        return (lr * 255).round_().clamp_(0, 255).div_(255)

    def _after_first_resize(
        self, size: PixelSize, pictures: Tensor, sampler: ParameterSampler
    ) -> Tensor:
        noisy = self.first.noise.degrade(pictures, sampler.named("noise"))
        coded = self.first.coded(noisy, sampler)
        blurred = self.second.blurred(coded, sampler)
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
            return self.second.coded(self._ringing(size, pictures, sampler), sampler)
        return self._ringing(size, self.second.coded(pictures, sampler), sampler)

    def _ringing(self, size: PixelSize, pictures: Tensor, sampler: ParameterSampler) -> Tensor:
        small = resized_back(pictures, size, self.kernels, sampler)
        # its cutoffs do not depend on the size (RealESRGANDataset)
        final = Sinc(cutoff=published.FINAL_CUTOFF, size=self.final_size)
        return apply_at_random(
            small,
            self.final_sinc,
            sampler,
            lambda group, group_sampler: final.degrade(group, group_sampler.named("sinc")),
        )


def _round(options: RealESRGANOptions, at: int) -> DegradationRound:
    """Return the first or the second round."""
    gaussian = options.gaussian[at]
    return DegradationRound(
        blur=_blur(options, at),
        blur_probability=options.blur[at],
        resize=Resize(
            factor=options.factor[at],
            weights=options.resize_weights[at],
            kernels=options.resize_kernels,
            draw=options.draw,
        ),
        noise=Noise(
            kinds=_NOISES,
            weights=(gaussian, 1 - gaussian),
            sigma=options.noise[at],
            factor=options.poisson[at],
            gray=options.gray[at],
        ),
        jpeg=Jpeg(quality=options.quality[at]),
        jpeg_probability=options.jpeg[at],
    )


def _blur(options: RealESRGANOptions, at: int) -> Blur:
    """Return the blur of a round: sinc takes its share, the other kinds have the rest."""
    weights, sinc = options.kernel_weights[at], options.sinc[at]
    check_choice_weights(RealESRGAN.name, published.BLUR_KINDS[:-1], weights, "kernel_weights")
    shares = [one / sum(weights) * (1 - sinc) for one in weights]
    return Blur(
        kinds=published.BLUR_KINDS,
        weights=(*shares, sinc),
        sigma=options.sigma[at],
        beta=options.beta[at],
        plateau_beta=options.plateau_beta[at],
        size=options.size[at],
    )
