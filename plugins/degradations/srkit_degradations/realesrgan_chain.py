"""How does Real-ESRGAN make LR from HR?

Wang et al. 2021, section 3 and figure 2, with the parameters of the published options file
train_realesrgan_x4plus.yml. Deviations: resize factors, kernels and the final order are drawn for
each picture unless asked otherwise, so that a batch is as diverse as the pool of pairs makes it
there; pictures keep their alignment when a resized side is no whole number of pixels; JPEG is that
of libjpeg.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

import torch
from torch import Tensor

from srkit_core.interfaces import Range
from srkit_degradations import published
from srkit_degradations.blurring import Blur, Sinc, check_choice_weights, check_kernel_size
from srkit_degradations.canvas import (
    Canvas,
    PixelSize,
    in_their_order,
    shipped_rows,
    with_those,
    worked_on_together,
)
from srkit_degradations.compression import Jpeg, compressed
from srkit_degradations.drawn_kernels import DrawnKernel, KernelTable
from srkit_degradations.filtering import filtered
from srkit_degradations.noising import Noise, PictureNoise, with_noise
from srkit_degradations.option_types import Draw, NoiseKind, ResizeKernel
from srkit_degradations.parameter_sampler import ParameterSampler, by_label, drawn_at_random
from srkit_degradations.per_picture import PerPictureDegradation
from srkit_degradations.published_chains import RealESRGANOptions
from srkit_degradations.resizing import Resize, resized, times

_NOISES: Final[tuple[NoiseKind, ...]] = ("gaussian", "poisson")


@dataclass(slots=True)
class DrawnRound:
    """What a picture gets in one of the two rounds: a blur or none, a size, a kernel of resizing,
    noise, a quality of JPEG or none.
    """

    blur: DrawnKernel | None = None
    size: PixelSize = (1, 1)
    kernel: ResizeKernel = "area"
    noise: PictureNoise = field(default_factory=PictureNoise)
    quality: int | None = None


@dataclass(slots=True)
class DrawnPicture:
    """What a picture gets: two rounds, a kernel that resizes it to LR, a final sinc or none, and
    whether JPEG comes last.
    """

    rounds: tuple[DrawnRound, DrawnRound] = field(
        default_factory=lambda: (DrawnRound(), DrawnRound())
    )
    back: ResizeKernel = "area"
    sinc: DrawnKernel | None = None
    jpeg_last: bool = False


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

    def draw_blur(self, drawn: Sequence[DrawnRound], sampler: ParameterSampler) -> None:
        """Draw kernels with the probability of the blur."""
        shapes = drawn_at_random(
            self.blur_probability, sampler, lambda own: self.blur.draw(own.named("blur"))
        )
        for one, shape in zip(drawn, shapes, strict=True):
            one.blur = shape

    def draw_noise(self, drawn: Sequence[DrawnRound], sampler: ParameterSampler) -> None:
        """Draw kinds, colours and strengths of noise."""
        for one, noise in zip(drawn, self.noise.draw(sampler.named("noise")), strict=True):
            one.noise = noise

    def draw_quality(self, drawn: Sequence[DrawnRound], sampler: ParameterSampler) -> None:
        """Draw qualities with the probability of the compression."""
        qualities = drawn_at_random(
            self.jpeg_probability, sampler, lambda own: self.jpeg.draw(own.named("jpeg"))
        )
        for one, quality in zip(drawn, qualities, strict=True):
            one.quality = quality

    def draw_size(
        self, drawn: Sequence[DrawnRound], size: PixelSize, sampler: ParameterSampler
    ) -> list[list[int]]:
        """Draw sizes and kernels of the resizing; returns which pictures are resized alike."""
        chosen = self.resize.drawn(sampler)
        for one, (factor, kernel) in zip(drawn, chosen, strict=True):
            one.size, one.kernel = times(size, factor), kernel
        return list(by_label(chosen).values())


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
        """Make LR: all is drawn first, but for the noise of pixels."""
        height, width = pictures.shape[-2:]
        size = height // self.scale, width // self.scale
        drawn = [DrawnPicture() for _ in range(len(sampler))]
        self._draw(drawn, ((height, width), size), sampler)
        kernels = KernelTable.of(_shapes(drawn), pictures)
        made = _Made(size, kernels, sampler.rng)
        blurred = self._blurred(0, Canvas.of(pictures), drawn, made)
        lr = self._resized(0, blurred, drawn, made)
        return (lr * 255).round_().clamp_(0, 255).div_(255)

    def _draw(
        self,
        drawn: Sequence[DrawnPicture],
        sizes: tuple[PixelSize, PixelSize],
        sampler: ParameterSampler,
    ) -> None:
        firsts = [one.rounds[0] for one in drawn]
        self.first.draw_blur(firsts, sampler)
        sampler = sampler.named("resize")
        for rows in self.first.draw_size(firsts, sizes[0], sampler):
            group = [drawn[row] for row in rows]
            self._draw_after_first_resize(group, sizes[1], sampler.subset(rows))

    def _draw_after_first_resize(
        self, drawn: Sequence[DrawnPicture], size: PixelSize, sampler: ParameterSampler
    ) -> None:
        firsts, seconds = ([one.rounds[at] for one in drawn] for at in range(2))
        self.first.draw_noise(firsts, sampler)
        self.first.draw_quality(firsts, sampler)
        self.second.draw_blur(seconds, sampler)
        sampler = sampler.named("resize")
        for rows in self.second.draw_size(seconds, size, sampler):
            self._draw_after_second_resize([drawn[row] for row in rows], sampler.subset(rows))

    def _draw_after_second_resize(
        self, drawn: Sequence[DrawnPicture], sampler: ParameterSampler
    ) -> None:
        self.second.draw_noise([one.rounds[1] for one in drawn], sampler)
        chooser = sampler.named(self.name).per(self.draw)
        for last, rows in by_label(chooser.choice("last", ("jpeg", "sinc"))).items():
            self._draw_end(last, [drawn[row] for row in rows], chooser.subset(rows))

    def _draw_end(
        self, last: str, drawn: Sequence[DrawnPicture], sampler: ParameterSampler
    ) -> None:
        seconds = [one.rounds[1] for one in drawn]
        if last == "sinc":
            self.second.draw_quality(seconds, sampler)
        backs = sampler.choice("back", self.kernels)
        sincs = drawn_at_random(
            self.final_sinc, sampler, lambda own: self._sinc.draw(own.named("sinc"))
        )
        for one, back, sinc in zip(drawn, backs, sincs, strict=True):
            one.jpeg_last, one.back, one.sinc = last == "jpeg", back, sinc
        if last == "jpeg":
            self.second.draw_quality(seconds, sampler)

    @property
    def _sinc(self) -> Sinc:
        """The last filter, whose cutoffs do not depend on the size (RealESRGANDataset)."""
        return Sinc(cutoff=published.FINAL_CUTOFF, size=self.final_size)

    def _blurred(
        self, at: int, canvas: Canvas, drawn: Sequence[DrawnPicture], made: "_Made"
    ) -> Canvas:
        return with_those(canvas, [one.rounds[at].blur for one in drawn], made.filtered)

    def _resized(
        self, at: int, canvas: Canvas, drawn: Sequence[DrawnPicture], made: "_Made"
    ) -> Tensor:
        """Resize for a round, and do what follows with the pictures that are worked on together."""
        rounds = [one.rounds[at] for one in drawn]
        rest = self._after_second_resize if at else self._after_first_resize
        groups = worked_on_together(
            [(one.size, one.kernel) for one in rounds], canvas.pixels.device
        )
        results = [
            rest(
                resized(
                    canvas.picked(rows),
                    [rounds[row].size for row in rows.numbers],
                    [rounds[row].kernel for row in rows.numbers],
                ),
                [drawn[row] for row in rows.numbers],
                made,
            )
            for rows in shipped_rows(groups, canvas.pixels)
        ]
        return in_their_order(groups, results)

    def _after_first_resize(
        self, canvas: Canvas, drawn: Sequence[DrawnPicture], made: "_Made"
    ) -> Tensor:
        canvas = with_noise(canvas, [one.rounds[0].noise for one in drawn], made.rng)
        canvas = with_those(canvas, [one.rounds[0].quality for one in drawn], compressed)
        return self._resized(1, self._blurred(1, canvas, drawn, made), drawn, made)

    def _after_second_resize(
        self, canvas: Canvas, drawn: Sequence[DrawnPicture], made: "_Made"
    ) -> Tensor:
        """Resize to LR and ring before JPEG or after it.

        Other orders make twisted lines (Wang et al. 2021, section 3.3).
        """
        canvas = with_noise(canvas, [one.rounds[1].noise for one in drawn], made.rng)
        qualities = [(one.jpeg_last, one.rounds[1].quality) for one in drawn]
        canvas = with_those(canvas, [None if last else one for last, one in qualities], compressed)
        canvas = resized(canvas, [made.size] * len(drawn), [one.back for one in drawn])
        canvas = with_those(canvas, [one.sinc for one in drawn], made.filtered)
        late = [one if last else None for last, one in qualities]
        return with_those(canvas, late, compressed).pixels


@dataclass(frozen=True)
class _Made:
    """What is made: LR of a size, with `kernels` and noise whose pixels are drawn by `rng`."""

    size: PixelSize
    kernels: KernelTable
    rng: torch.Generator

    def filtered(self, canvas: Canvas, shapes: Sequence[DrawnKernel]) -> Canvas:
        """Filter each picture with its kernel."""
        return filtered(canvas, self.kernels.those(shapes))


def _shapes(drawn: Sequence[DrawnPicture]) -> list[DrawnKernel | None]:
    """Return the kernels of all pictures, those of a step side by side."""
    blurs = [one.rounds[at].blur for at in range(2) for one in drawn]
    return [*blurs, *(one.sinc for one in drawn)]


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
