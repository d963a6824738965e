"""Announces: blur, noise, JPEG, resizing and the Real-ESRGAN and BSRGAN chains."""

from typing import Any

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Count, Degradation, Range
from srkit_core.specs import DegradationSpec, Factory
from srkit_degradations import crop_traits, published
from srkit_degradations.option_types import (
    BlurKind,
    Cutoff,
    Draw,
    Factor,
    KernelShape,
    KernelSize,
    NoiseKind,
    NonNegative,
    Probability,
    Quality,
    ResizeKernel,
    Weight,
)
from srkit_degradations.published_chains import bsrgan, chain_specs, realesrgan

__all__ = [
    "blur",
    "bsrgan",
    "jpeg",
    "noise",
    "realesrgan",
    "resize",
    "sharpen",
    "shuffle",
    "sinc",
    "srkit_components",
]

_REALESRGAN = "Wang et al. 2021 (Real-ESRGAN)"
_BSRGAN = "Zhang et al. 2021 (BSRGAN), section 3"


def blur(
    *,
    sigma: NonNegative = published.SIGMA[0],
    kind: BlurKind | tuple[BlurKind, ...] = "isotropic",
    weights: tuple[Weight, ...] = (),
    sigma_y: NonNegative | None = None,
    rotation: float | Range = published.EVERY_ANGLE,
    beta: KernelShape | None = None,
    cutoff: Cutoff | None = None,
    size: KernelSize | None = None,
) -> Degradation:
    """Blur each picture with a kernel of its own; a fixed sigma gives Pillow's GaussianBlur.

    Args:
        sigma: standard deviation in pixels, along x where the kernel is anisotropic; 0.2..3 in
            Real-ESRGAN's first round.
        kind: shape of the kernel, or a list from which it is drawn; `sinc` rings instead.
        weights: how likely each listed kind is; the sum need not be 1 (empty: all alike).
        sigma_y: the same along y before rotation, for anisotropic kernels (none: like sigma).
        rotation: angle of an anisotropic kernel from x to y, degrees; all in Real-ESRGAN's code.
        beta: shape of generalised and plateau kernels, no unit: the larger, the flatter with a
            steeper edge; half of a range around 1 is drawn below it (none: 0.5..4 for
            generalised, 1..2 for plateau, Real-ESRGAN's options file).
        cutoff: of `sinc`, radians a pixel (none: as for the component `sinc`).
        size: side of the kernel in pixels, odd, also drawn from a range (none: 4 sigma a side).
    """
    from srkit_degradations.blurring import Blur

    return Blur(
        kinds=kind if isinstance(kind, tuple) else (kind,),
        weights=weights,
        sigma=sigma,
        sigma_y=sigma_y,
        rotation=rotation,
        beta=beta,
        cutoff=cutoff,
        size=size,
    )


def sinc(
    *,
    cutoff: Cutoff | None = None,
    size: KernelSize = published.KERNEL_SIZES,
) -> Degradation:
    """Cut off high frequencies with an ideal low-pass filter, which makes edges ring as strong
    sharpening and compression do.

    Args:
        cutoff: where the frequencies end, radians a pixel, pi being all (none: pi/3..pi, from
            kernel size 13 on pi/5..pi, Real-ESRGAN's code).
        size: side of the kernel in pixels, odd; of a range an odd number is drawn.
    """
    from srkit_degradations.blurring import Sinc

    return Sinc(cutoff=cutoff, size=size)


def noise(
    *,
    kind: NoiseKind | tuple[NoiseKind, ...] = "gaussian",
    weights: tuple[Weight, ...] = (),
    sigma: NonNegative = published.NOISE[0],
    factor: NonNegative = published.POISSON[0],
    gray: Probability = 0.0,
) -> Degradation:
    """Add noise of one strength to each picture, and clip it to [0, 1].

    Args:
        kind: `gaussian` (the same everywhere), `poisson` (of photons: variance grows with the
            signal), or a list to draw from.
        weights: how likely each of the listed kinds is; the sum need not be 1 (empty: all alike).
        sigma: standard deviation of Gaussian noise in 8-bit units, of 255; 1..30 in Real-ESRGAN's
            first round.
        factor: what Poisson noise is multiplied by, 1 being as many photons at white as the picture
            has grey levels; 0.05..3 in Real-ESRGAN's first round.
        gray: probability that a picture gets the same noise in all three channels; 0.4 in
            Real-ESRGAN's options file.
    """
    from srkit_degradations.noising import Noise

    kinds: tuple[NoiseKind, ...] = kind if isinstance(kind, tuple) else (kind,)
    return Noise(kinds=kinds, weights=weights, sigma=sigma, factor=factor, gray=gray)


def jpeg(*, quality: Quality = published.QUALITY[0]) -> Degradation:
    """Compress as libjpeg does by default (chroma at half the size), without a file.

    The result holds 8-bit values, no gradient.

    Args:
        quality: quality from 1 to 100, in libjpeg's scale; drawn from a range it is rounded. 30..95
            in Real-ESRGAN's options file.
    """
    from srkit_degradations.compression import Jpeg

    return Jpeg(quality=quality)


def resize(
    *,
    factor: Factor = published.FACTOR[0],
    weights: tuple[Weight, Weight, Weight] | None = None,
    kernel: ResizeKernel | tuple[ResizeKernel, ...] = published.RESIZE_KERNELS,
    through: tuple[Degradation, ...] = (),
    divide: Count = 1,
    draw: Draw = "picture",
) -> Degradation:
    """Resize by a factor, degrade at that size, and resize to the first size, or a whole part of
    it.

    Args:
        factor: by what the sides are multiplied; 0.15..1.5 in Real-ESRGAN's first round.
        weights: how likely enlarging, shrinking and keeping are, for a range around 1; 0.2, 0.7 and
            0.1 in Real-ESRGAN's first round (none: the factor is uniform in its range).
        kernel: interpolation of both resizings, drawn for each from a list; torch's, not widened
            against aliasing.
        through: degradations that happen between the resizings, in this order.
        divide: how many times smaller the result is than the input.
        draw: whether factor and kernel are drawn for each picture, or for the batch as in
            Real-ESRGAN's code (faster on a GPU).
    """
    from srkit_degradations.resizing import Resize

    kernels: tuple[ResizeKernel, ...] = kernel if isinstance(kernel, tuple) else (kernel,)
    return Resize(
        factor=factor, weights=weights, kernels=kernels, through=through, divide=divide, draw=draw
    )


def sharpen(*, weight: Weight = 0.5, radius: Count = 50, threshold: Weight = 10.0) -> Degradation:
    """Sharpen with a soft unsharp mask, as Real-ESRGAN does with the HR pictures it learns from
    (USMSharp of its code).

    Args:
        weight: how much of the detail is added, 1 being all of it.
        radius: side of the Gaussian in pixels, made odd; its standard deviation is OpenCV's 0.15
            radius + 0.35.
        threshold: how large detail must be to be sharpened, in 8-bit units.
    """
    from srkit_degradations.sharpening import Sharpen

    return Sharpen(weight=weight, radius=radius, threshold=threshold)


def shuffle(*, of: tuple[Degradation, ...], draw: Draw = "picture") -> Degradation:
    """Apply degradations in random order (Zhang et al. 2021, section 3.4).

    Args:
        of: the degradations; every one happens once, and all orders are equally likely.
        draw: whether the order is drawn for each picture or for the batch (faster on a GPU).
    """
    from srkit_degradations.shuffling import Shuffle

    return Shuffle(of=of, draw=draw)


@hookimpl
def srkit_components() -> list[DegradationSpec]:
    """Announce the degradations."""
    return [*_filters(), *_noise_and_compression(), *_compositions(), *chain_specs()]


def _filters() -> list[DegradationSpec]:
    return [
        _spec(
            blur,
            "Gaussian, generalised Gaussian and plateau blur",
            f"{_REALESRGAN}, section 3.1",
            margin=crop_traits.blur_margin,
            acts_with={
                "cutoff": "blur(kind=sinc)",
                "rotation": "blur(kind=anisotropic, sigma=1, sigma_y=3)",
            },
        ),
        _spec(
            sinc,
            "ringing of an ideal low-pass filter",
            f"{_REALESRGAN}, eq. 6",
            margin=crop_traits.blur_margin,
        ),
        _spec(
            sharpen,
            "unsharp masking",
            f"{_REALESRGAN}, USMSharp of its code",
            margin=crop_traits.sharpen_margin,
        ),
    ]


def _noise_and_compression() -> list[DegradationSpec]:
    return [
        _spec(
            noise,
            "Gaussian and Poisson noise",
            f"{_REALESRGAN}, section 3.1",
            exact_in_crops=crop_traits.never_exact,
        ),
        _spec(
            jpeg,
            "JPEG compression",
            "ITU-T T.81, with libjpeg's defaults",
            margin=crop_traits.jpeg_margin,
            exact_in_crops=crop_traits.never_exact,
        ),
    ]


def _compositions() -> list[DegradationSpec]:
    return [
        _spec(
            resize,
            "resizing up, down or not, and back",
            f"{_REALESRGAN}, section 3.1",
            margin=crop_traits.resize_margin,
            divisor=crop_traits.resize_divisor,
            acts_with={"draw": "resize(factor=0.5..1)"},
            exact_in_crops=crop_traits.resize_is_exact,
        ),
        _spec(
            shuffle,
            "degradations in random order",
            _BSRGAN,
            small="shuffle(of=[blur(sigma=0.5..1), sinc, jpeg])",
            margin=crop_traits.shuffle_margin,
            divisor=crop_traits.shuffle_divisor,
            exact_in_crops=crop_traits.shuffle_is_exact,
        ),
    ]


def _spec(factory: Factory, summary: str, source: str, **traits: Any) -> DegradationSpec:
    return DegradationSpec(
        name=factory.__name__, factory=factory, summary=summary, source=source, **traits
    )
