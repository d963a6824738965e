"""Which options do the degradation chains of Real-ESRGAN and BSRGAN have?"""

from srkit_core.interfaces import Degradation
from srkit_core.specs import DegradationSpec
from srkit_degradations import crop_traits, published
from srkit_degradations.option_types import Draw, FactorRange, NonNegativeRange, QualityRange


def realesrgan(
    *,
    scale: int,
    sigma: tuple[NonNegativeRange, NonNegativeRange] = published.SIGMA,
    factor: tuple[FactorRange, FactorRange] = published.FACTOR,
    noise: tuple[NonNegativeRange, NonNegativeRange] = published.NOISE,
    poisson: tuple[NonNegativeRange, NonNegativeRange] = published.POISSON,
    quality: tuple[QualityRange, QualityRange] = published.QUALITY,
    draw: Draw = "picture",
) -> Degradation:
    """Degrade twice by blur, resizing, noise and JPEG, as Real-ESRGAN does; LR of 8-bit values.

    Each option is a pair of ranges, for the first and the second round, with the values of the
    published options file train_realesrgan_x4plus.yml; probabilities, kernel sizes and shapes are
    those of that file as well. Training there learns from sharpened HR (the recipe's target).
    Around a crop 72 HR pixels are degraded too, because published training degrades 400x400 pixels
    and cuts 256x256 out of them.

    Args:
        sigma: standard deviations of the blur kernels in pixels.
        factor: by what the sides are multiplied, in the second round after division by the scale.
        noise: standard deviations of Gaussian noise in 8-bit units.
        poisson: what Poisson noise is multiplied by, see the component `noise`.
        quality: JPEG qualities from 1 to 100.
        draw: whether resize factors, kernels and the last step are drawn for each picture, which
            makes a batch as diverse as the published pool of pairs does, or for the batch as in
            Real-ESRGAN's code (faster on a GPU).
    """
    from srkit_degradations.realesrgan_chain import RealESRGAN

    return RealESRGAN.of(
        scale=scale,
        sigma=sigma,
        factor=factor,
        noise=noise,
        poisson=poisson,
        quality=quality,
        draw=draw,
    )


def bsrgan(
    *,
    scale: int,
    noise: NonNegativeRange = published.BSRGAN_NOISE,
    quality: QualityRange = published.BSRGAN_QUALITY,
) -> Degradation:
    """Blur twice, make smaller, add noise and compress in random order, as BSRGAN does.

    LR of 8-bit values.

    The order is drawn for each picture. Around a crop 18 LR pixels are degraded too (empirical).

    Args:
        noise: standard deviations of Gaussian noise in 8-bit units (published code).
        quality: JPEG qualities from 1 to 100 (published code).
    """
    from srkit_degradations.bsrgan_chain import BSRGAN

    return BSRGAN(scale=scale, noise=noise, quality=quality)


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
            exact_in_crops=crop_traits.never_exact,
        ),
        DegradationSpec(
            name="bsrgan",
            factory=bsrgan,
            summary="shuffled degradations of BSRGAN",
            source="Zhang et al. 2021 (BSRGAN), section 3, with the parameters of its code",
            margin=crop_traits.bsrgan_margin,
            divisor=crop_traits.scale_divisor,
            exact_in_crops=crop_traits.never_exact,
        ),
    ]
