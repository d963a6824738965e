"""A plugin that happens to ship inside: same hook, same entry-point group, no privilege."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from srkit_core.builtin.augmentations import AUGMENTATIONS
from srkit_core.builtin.data_sources import DATA_SOURCES
from srkit_core.builtin.known_losses import (
    FIVE_SCALES,
    LOSSES,
    Positive,
    coarsest_window,
    window_size,
)
from srkit_core.builtin.known_trackers import TRACKERS
from srkit_core.builtin.schedules import SCHEDULES
from srkit_core.builtin.shipped_recipes import RECIPES
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import (
    Between,
    Count,
    Degradation,
    Generator,
    Metric,
)
from srkit_core.specs import (
    AnnouncedSpec,
    ComponentSpec,
    DegradationSpec,
    GeneratorSpec,
    MetricSpec,
    PixelDegradation,
)

Border = Literal["symmetric", "replicate"]
Kernel = Literal["bicubic", "bilinear", "nearest", "lanczos"]

SUPPORT: dict[Kernel, float] = {"bicubic": 2, "bilinear": 1, "nearest": 0.5, "lanczos": 3}
"""Half the width of each kernel, in pixels of the coarser picture."""

_SCALES = tuple(range(1, 17))
_SOURCES: dict[Kernel, str] = {
    "bicubic": "Keys 1981, eq. 15 (a = -1/2), in the convention of MATLAB's imresize",
    "bilinear": "triangle kernel in the convention of MATLAB's imresize",
    "nearest": "nearest neighbour in the convention of MATLAB's imresize",
    "lanczos": "Lanczos 3 kernel in the convention of MATLAB's imresize (Duchon 1979)",
}


def _shrinker(kernel: Kernel) -> Callable[..., Degradation]:
    def shrink(
        *,
        scale: int,
        factor: Count | None = None,
        border: Border = "symmetric",
        quantise: bool = True,
    ) -> Degradation:
        """Make pictures smaller by interpolation, with a kernel widened against aliasing (but for
        nearest, as in MATLAB).

        Args:
            factor: by how many times the sides shrink (none: the recipe's scale).
            border: how the picture continues outside: mirrored with the edge repeated, or the edge
                pixel.
            quantise: round to 8 bit before, between and after the two passes, as the official LR
                files were made.
        """
        from srkit_core.builtin.interpolation import Shrink

        return Shrink(kernel, scale if factor is None else factor, border=border, quantise=quantise)

    return shrink


def _enlarger(kernel: Kernel) -> Callable[..., Generator]:
    def enlarge(*, scale: int, border: Border = "symmetric", quantise: bool = True) -> Generator:
        """Make pictures larger by interpolation: the baseline every network is compared with.

        Args:
            border: how the picture continues outside: mirrored with the edge repeated, or the edge
                pixel.
            quantise: round to 8 bit before, between and after the two passes, as the published
                baselines were made.
        """
        from srkit_core.builtin.interpolation import Enlarge

        return Enlarge(kernel, scale, border=border, quantise=quantise)

    return enlarge


def psnr() -> Metric:
    """Peak signal-to-noise ratio with peak 1; infinite for identical pictures."""
    from srkit_core.builtin.metrics import PSNR

    return PSNR()


def ssim(*, window: Count = 11, sigma: Annotated[float, Between(low=0)] = 1.5) -> Metric:
    """Structural similarity, mean over the positions where the window fits and over channels.

    Args:
        window: side of the Gaussian window in pixels, odd.
        sigma: its standard deviation in pixels, more than 0.
    """
    from srkit_core.builtin.metrics import SSIM

    return SSIM(window=window, sigma=sigma)


def msssim(
    *,
    weights: tuple[Positive, ...] = FIVE_SCALES,
    window: Count = 11,
    sigma: Annotated[float, Between(low=0)] = 1.5,
) -> Metric:
    """Structural similarity on several scales, mean over channels.

    With the defaults pictures must have 161 pixels a side inside the border: each scale has half
    the side of the one before, and the window fits the coarsest.

    Args:
        weights: the exponent of each scale, the finest first; as many as there are scales.
        window: side of the Gaussian window in pixels, odd.
        sigma: its standard deviation in pixels, more than 0.
    """
    from srkit_core.builtin.metrics import MSSSIM

    return MSSSIM(weights=weights, window=window, sigma=sigma)


def _divisor(options: Mapping[str, Any], /) -> int:
    factor = options["factor"]
    return int(options["scale"] if factor is None else factor)


def _of_pixels(kernel: Kernel) -> Callable[[Mapping[str, Any]], PixelDegradation | None]:
    """Lanczos' sums may come so near to a half that torch and numpy round them otherwise."""

    def of_pixels(options: Mapping[str, Any], /) -> PixelDegradation | None:
        if kernel == "lanczos" or not options["quantise"]:
            return None
        from srkit_core.builtin.pixel_interpolation import ShrinkPixels

        return ShrinkPixels(kernel, _divisor(options), border=options["border"])

    return of_pixels


def _unseen(kernel: Kernel, *, enlarging: bool = False) -> dict[str, str]:
    if kernel == "bilinear" and enlarging:
        return {"border": "half a pixel outside, every border is the edge pixel"}
    if kernel != "nearest":
        return {}
    return {
        "border": "the nearest pixel is never outside",
        "quantise": "a pixel that is copied is as exact as it was",
    }


def _interpolation(kernel: Kernel) -> list[ComponentSpec]:
    def margin(options: Mapping[str, Any], /) -> int:
        return int((SUPPORT[kernel] - 0.5) * _divisor(options))

    return [
        DegradationSpec(
            name=kernel,
            factory=_shrinker(kernel),
            summary=f"{kernel} downscaling, antialiased, bit-exact with the official LR files"
            if kernel == "bicubic"
            else f"{kernel} downscaling",
            source=_SOURCES[kernel],
            margin=margin,
            divisor=_divisor,
            of_pixels=_of_pixels(kernel),
            unseen_options=_unseen(kernel),
        ),
        GeneratorSpec(
            name=kernel,
            factory=_enlarger(kernel),
            summary=f"{kernel} upscaling, nothing to train",
            source=_SOURCES[kernel],
            scales=_SCALES,
            trainable=False,
            receptive=int(SUPPORT[kernel]),
            keeps_16_bit={"quantise": False},
            unseen_options=_unseen(kernel, enlarging=True),
        ),
    ]


@hookimpl
def srkit_components() -> list[AnnouncedSpec]:
    """Announce what comes with srkit itself."""
    return [
        *(spec for kernel in SUPPORT for spec in _interpolation(kernel)),
        *LOSSES,
        *_metrics(),
        *RECIPES,
        *AUGMENTATIONS,
        *SCHEDULES,
        *TRACKERS,
        *DATA_SOURCES,
    ]


def _metrics() -> list[ComponentSpec]:
    return [
        MetricSpec(
            name="psnr",
            factory=psnr,
            summary="peak signal-to-noise ratio",
            source="10 log10(1 / MSE)",
            higher_is_better=True,
            unit="dB",
        ),
        MetricSpec(
            name="ssim",
            factory=ssim,
            summary="structural similarity",
            source="Wang et al. 2004, eq. 13",
            higher_is_better=True,
            min_size=window_size,
        ),
        MetricSpec(
            name="msssim",
            factory=msssim,
            summary="structural similarity on five scales",
            source="Wang et al. 2003, eq. 7, with the exponents of section 3.2",
            higher_is_better=True,
            small="msssim(weights=[0.4, 0.6], window=7)",
            min_size=coarsest_window,
        ),
    ]
