"""Which options do the degradation chains of Real-ESRGAN and BSRGAN have?"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from srkit_core.interfaces import Degradation
from srkit_core.specs import DegradationSpec
from srkit_degradations import crop_traits, published
from srkit_degradations.option_types import (
    Draw,
    FactorRange,
    NonNegativeRange,
    Probabilities,
    Probability,
    QualityRange,
    ResizeKernel,
    ShapeRange,
    ShrinkRange,
    SixWeights,
    SizeRange,
    ThreeWeights,
)

_Options = TypeVar("_Options")


def takes_options(
    options: type[_Options],
) -> Callable[[Callable[[_Options], Degradation]], Callable[..., Degradation]]:
    """Let what takes a table of options be called as a factory with each of them by its name, and
    its docstring be that of the table.
    """

    def taking(build: Callable[[_Options], Degradation]) -> Callable[..., Degradation]:
        def factory(**given: Any) -> Degradation:
            return build(options(**given))

        factory.__name__ = factory.__qualname__ = build.__name__
        factory.__doc__, factory.__module__ = options.__doc__, build.__module__
        signature = inspect.signature(options)
        factory.__signature__ = signature.replace(  # type: ignore[attr-defined]
            return_annotation=Degradation
        )
        hints = get_type_hints(options, include_extras=True)
        factory.__annotations__ = {**hints, "return": Degradation}
        return factory

    return taking


@dataclass(frozen=True, kw_only=True)
class RealESRGANOptions:
    """Degrade twice by blur, resizing, noise and JPEG, as Real-ESRGAN does; LR of 8-bit values.

    Pairs are for the first and the second round. Defaults are those of the published options file
    train_realesrgan_x4plus.yml, whose keys stand in parentheses, and what its code fixes. Training
    there learns from sharpened HR (the recipe's target). Around a crop 72 HR pixels are degraded
    too, because published training degrades 400x400 pixels and cuts 256x256 out of them.

    Args:
        blur: probabilities of the two blurs (the first always happens; second_blur_prob).
        sigma: standard deviations of the blur kernels in pixels (blur_sigma, blur_sigma2).
        size: sides of the blur kernels in pixels, of which odd ones are drawn (fixed in the code).
        kernel_weights: how likely isotropic, anisotropic, generalised, generalised-anisotropic,
            plateau and plateau-anisotropic kernels are where none is sinc; 0 leaves one out
            (kernel_list, kernel_prob and those with a 2).
        beta: shapes of generalised kernels, half of them drawn below 1 (betag_range).
        plateau_beta: shapes of plateau kernels, drawn alike (betap_range).
        sinc: probabilities that a blur kernel is a sinc (sinc_prob, sinc_prob2).
        factor: by what the sides are multiplied, in the second round after division by the scale
            (resize_range, resize_range2).
        resize_weights: how likely enlarging, shrinking and keeping are (resize_prob, resize_prob2).
        resize_kernels: interpolation, drawn for each resizing (fixed in the code).
        gaussian: probabilities of Gaussian noise, else it is Poisson's (gaussian_noise_prob).
        noise: standard deviations of Gaussian noise in 8-bit units (noise_range).
        poisson: what Poisson noise is multiplied by, see the component `noise`
            (poisson_scale_range).
        gray: probabilities that noise is the same in all channels (gray_noise_prob).
        jpeg: probabilities of the two compressions (both always happen).
        quality: JPEG qualities from 1 to 100 (jpeg_range, jpeg_range2).
        final_sinc: probability of the last sinc filter (final_sinc_prob).
        final_size: sides of its kernel in pixels, of which odd ones are drawn (fixed in the code).
        draw: whether resize factors, kernels and the last step are drawn for each picture, which
            makes a batch as diverse as the published pool of pairs does, or for the batch as in
            Real-ESRGAN's code (faster on a GPU).
    """

    scale: int
    blur: Probabilities = published.BLUR
    sigma: tuple[NonNegativeRange, NonNegativeRange] = published.SIGMA
    size: tuple[SizeRange, SizeRange] = published.BOTH_KERNEL_SIZES
    kernel_weights: tuple[SixWeights, SixWeights] = published.KERNEL_PROB
    beta: tuple[ShapeRange, ShapeRange] = published.BETAS_GENERALISED
    plateau_beta: tuple[ShapeRange, ShapeRange] = published.BETAS_PLATEAU
    sinc: Probabilities = published.SINC
    factor: tuple[FactorRange, FactorRange] = published.FACTOR
    resize_weights: tuple[ThreeWeights, ThreeWeights] = published.UP_DOWN_KEEP
    resize_kernels: tuple[ResizeKernel, ...] = published.RESIZE_KERNELS
    gaussian: Probabilities = published.GAUSSIAN
    noise: tuple[NonNegativeRange, NonNegativeRange] = published.NOISE
    poisson: tuple[NonNegativeRange, NonNegativeRange] = published.POISSON
    gray: Probabilities = published.GRAY
    jpeg: Probabilities = published.COMPRESSED
    quality: tuple[QualityRange, QualityRange] = published.QUALITY
    final_sinc: Probability = published.FINAL_SINC
    final_size: SizeRange = published.KERNEL_SIZES
    draw: Draw = "picture"


@takes_options(RealESRGANOptions)
def realesrgan(one: RealESRGANOptions, /) -> Degradation:
    """Build the chain."""
    from srkit_degradations.realesrgan_chain import RealESRGAN

    return RealESRGAN.of(one)


@dataclass(frozen=True, kw_only=True)
class BSRGANOptions:
    """Blur twice, make smaller, add noise and compress in random order, as BSRGAN does.

    LR of 8-bit values. Defaults are those of the published code (degradation_bsrgan), whose names
    stand in parentheses. Around a crop 18 LR pixels are degraded too (empirical).

    Args:
        shuffle: probability that the order of a picture's steps is drawn; else it is blur, blur,
            downsampling, resizing, noise, JPEG (always drawn).
        halved: probability that a picture is halved before everything else, at x4 (scale2_prob).
        size: sides of the blur kernels in pixels, of which odd ones are drawn.
        anisotropic: probability that a blur is anisotropic.
        sigma: standard deviations of isotropic blurs in pixels (none: 0..2+0.2*scale).
        variance: variances of anisotropic blurs along their two axes (none: 0..4+scale).
        plain: probability that downsampling is a resizing by a drawn factor, without a blur; else
            a shifted Gaussian goes before every scale-th pixel is taken.
        shrink: by what such a resizing divides the sides (none: 1..2*scale).
        shifted_sigma: standard deviations of the shifted Gaussian (none: 0.1..0.6*scale).
        resize_kernels: interpolation, drawn for each resizing.
        noise: standard deviations of Gaussian noise in 8-bit units (noise_level1, noise_level2).
        gray: probability that noise is the same in all channels.
        correlated: probability that its channels depend on each other.
        early_jpeg: probability of a compression among the shuffled steps, beside the last one
            (jpeg_prob).
        quality: JPEG qualities from 1 to 100.
    """

    scale: int
    shuffle: Probability = 1.0
    halved: Probability = published.BSRGAN_HALVED
    size: SizeRange = published.BSRGAN_KERNEL_SIZES
    anisotropic: Probability = published.BSRGAN_ANISOTROPIC
    sigma: NonNegativeRange | None = None
    variance: NonNegativeRange | None = None
    plain: Probability = published.BSRGAN_PLAIN
    shrink: ShrinkRange | None = None
    shifted_sigma: NonNegativeRange | None = None
    resize_kernels: tuple[ResizeKernel, ...] = published.RESIZE_KERNELS
    noise: NonNegativeRange = published.BSRGAN_NOISE
    gray: Probability = published.BSRGAN_GRAY
    correlated: Probability = published.BSRGAN_CORRELATED
    early_jpeg: Probability = published.BSRGAN_EARLY_JPEG
    quality: QualityRange = published.BSRGAN_QUALITY


@takes_options(BSRGANOptions)
def bsrgan(one: BSRGANOptions, /) -> Degradation:
    """Build the chain."""
    from srkit_degradations.bsrgan_chain import BSRGAN

    return BSRGAN(**vars(one))


def chain_specs() -> list[DegradationSpec]:
    """Return the specs of `realesrgan` and `bsrgan`."""
    return [
        DegradationSpec(
            name="realesrgan",
            factory=realesrgan,
            summary="second-order degradations of Real-ESRGAN",
            source="Wang et al. 2021 (Real-ESRGAN), section 3, with its published options file",
            margin=crop_traits.realesrgan_margin,
            divisor=crop_traits.scale_divisor,
            acts_with={
                "kernel_weights": _blurring(1, 2, 0, 0, 2, 0),
                "beta": _blurring(0, 0, 1, 0, 0, 0),
                "plateau_beta": _blurring(0, 0, 0, 0, 1, 0),
                "final_size": "realesrgan(final_sinc=1.0)",
                "resize_weights": "realesrgan(resize_weights=[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])",
            },
            exact_in_crops=crop_traits.never_exact,
        ),
        DegradationSpec(
            name="bsrgan",
            factory=bsrgan,
            summary="shuffled degradations of BSRGAN",
            source="Zhang et al. 2021 (BSRGAN), section 3, with the parameters of its code",
            margin=crop_traits.bsrgan_margin,
            divisor=crop_traits.scale_divisor,
            acts_with={
                "variance": "bsrgan(anisotropic=1.0)",
                "shifted_sigma": "bsrgan(plain=0.0)",
                "correlated": "bsrgan(gray=0.0)",
            },
            unseen_options={"halved": "only at x4 are pictures halved, as published"},
            exact_in_crops=crop_traits.never_exact,
        ),
    ]


def _blurring(*weights: float) -> str:
    """Return a chain that always blurs, with kernels of these weights."""
    both = [list(map(float, weights))] * 2
    return f"realesrgan(blur=[1.0, 1.0], sinc=[0.0, 0.0], kernel_weights={both})"
