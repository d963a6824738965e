"""Which losses come with srkit?"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from srkit_core.interfaces import AdversarialLoss, Between, Count, ReferenceLoss
from srkit_core.specs import LossSpec

Positive = Annotated[float, Between(low=1e-3)]

FIVE_SCALES: Final = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of Wang et al. 2003, section 3.2, the finest scale first."""


def l1() -> ReferenceLoss:
    """Mean absolute difference."""
    from srkit_core.builtin.losses import L1

    return L1()


def mse() -> ReferenceLoss:
    """Mean squared difference."""
    from srkit_core.builtin.losses import MSE

    return MSE()


def charbonnier(*, eps: Annotated[float, Between(low=0)] = 1e-3) -> ReferenceLoss:
    """Mean of sqrt(d^2 + eps^2), a smooth L1.

    Args:
        eps: where the loss turns from quadratic to linear, as a difference in [0, 1].
    """
    from srkit_core.builtin.losses import Charbonnier

    return Charbonnier(eps)


def huber(*, delta: Positive = 1.0) -> ReferenceLoss:
    """Mean of d^2 / 2 for differences up to delta, and of delta (|d| - delta / 2) for larger ones.

    Args:
        delta: where the loss turns from quadratic to linear, as a difference in [0, 1]; with 1 it
            is half of mse.
    """
    from srkit_core.builtin.losses import Huber

    return Huber(delta)


def ssim_loss(
    *, window: Count = 11, sigma: Annotated[float, Between(low=0)] = 1.5
) -> ReferenceLoss:
    """1 - structural similarity, mean over the positions where the window fits and over channels.

    Args:
        window: side of the Gaussian window in pixels, odd.
        sigma: its standard deviation in pixels, more than 0.
    """
    from srkit_core.builtin.losses import SSIMLoss

    return SSIMLoss(window=window, sigma=sigma)


def msssim_loss(
    *,
    weights: tuple[Positive, ...] = FIVE_SCALES,
    window: Count = 11,
    sigma: Annotated[float, Between(low=0)] = 1.5,
) -> ReferenceLoss:
    """1 - multi-scale structural similarity, mean over channels.

    With the defaults crops must have 161 pixels a side: each scale has half the side of the one
    before, and the window fits the coarsest. Three scales, or a window of 7, are for smaller ones.

    Args:
        weights: the exponent of each scale, the finest first; as many as there are scales.
        window: side of the Gaussian window in pixels, odd.
        sigma: its standard deviation in pixels, more than 0.
    """
    from srkit_core.builtin.multi_scale_ssim import MultiScaleSSIMLoss

    return MultiScaleSSIMLoss(weights=weights, window=window, sigma=sigma)


def ldl(*, window: Annotated[int, Between(low=3)] = 7) -> ReferenceLoss:
    """Mean absolute difference where SR looks like artifacts: weighted by how much the difference
    of SR and HR varies around each pixel.

    It looks at SR and HR alone, as in neosr and traiNNer-redux. The paper, and BasicSR, also leave
    out pixels where the generator is nearer to HR than its moving average is, which a loss here
    does not see.

    Args:
        window: side of the window around a pixel, odd.
    """
    from srkit_core.builtin.artifact_loss import ArtifactLoss

    return ArtifactLoss(window=window)


def gradient_variance(*, size: Annotated[int, Between(low=2)] = 8) -> ReferenceLoss:
    """Mean squared difference of how much the gradients of SR and HR vary in small squares, so that
    edges are as sharp in one as in the other.

    Args:
        size: side of the squares in pixels; they lie side by side.
    """
    from srkit_core.builtin.gradient_variance_loss import GradientVarianceLoss

    return GradientVarianceLoss(patch=size)


def focal_frequency(
    *,
    alpha: Annotated[float, Between(low=0)] = 1.0,
    logarithm: bool = False,
    parts: Count = 1,
) -> ReferenceLoss:
    """Mean squared difference of the Fourier spectra of SR and HR, each frequency weighted by how
    far off it is, so that hard ones count.

    Weights are those of each picture and channel, as in the published code unless told otherwise.

    Args:
        alpha: exponent of the weights; 0 weights all frequencies alike.
        logarithm: whether a weight w becomes log(1 + w), which evens them out (`log_matrix` there).
        parts: into how many parts each side is cut, each with a spectrum of its own
            (`patch_factor` there).
    """
    from srkit_core.builtin.focal_frequency_loss import FocalFrequencyLoss

    return FocalFrequencyLoss(alpha=alpha, logarithm=logarithm, parts=parts)


def fft(*, norm: Literal["backward", "ortho"] = "backward") -> ReferenceLoss:
    """Mean absolute difference of the 2-D Fourier spectra of SR and HR, real and imaginary parts.

    Args:
        norm: what spectra are divided by: nothing (`backward`), as MIMO-UNet does with a weight of
            0.1, so that the loss grows with the side of the crop; or sqrt(H W) (`ortho`, as Jiang
            et al. 2021 do), so that it is of the size of `l1` whatever the crop, and takes a weight
            of order 1.
    """
    from srkit_core.builtin.losses import FFT

    return FFT(norm=norm)


def gan(
    *,
    real_label: Annotated[float, Between(0.5, 1)] = 1.0,
    fake_label: Annotated[float, Between(0, 0.5)] = 0.0,
) -> AdversarialLoss:
    """Binary cross entropy on logits: -log D(fake) for the generator, -log D(real) - log(1 -
    D(fake)) for the discriminator.

    Args:
        real_label: the discriminator's target probability for real pictures; less than 1, such as
            0.9, is one-sided label smoothing (Salimans et al. 2016, section 3.4). The generator's
            target stays 1.
        fake_label: the discriminator's target probability for fake pictures; more than 0, such as
            0.1, smooths that side too.
    """
    from srkit_core.builtin.losses import StandardGAN

    return StandardGAN(real_label=real_label, fake_label=fake_label)


def window_size(options: Mapping[str, Any], /) -> int:
    """Return the side of the window of `ssim`, the smallest picture that it compares."""
    return int(options["window"])


def coarsest_window(options: Mapping[str, Any], /) -> int:
    """Return the smallest picture whose coarsest scale still holds the window."""
    return int((options["window"] - 1) * 2 ** max(len(options["weights"]) - 1, 0) + 1)


def _half_window(options: Mapping[str, Any], /) -> int:
    """Return the smallest picture that can be mirrored by half a window."""
    return int(options["window"] // 2 + 1)


def _square(options: Mapping[str, Any], /) -> int:
    return int(options["size"])


def _parts(options: Mapping[str, Any], /) -> int:
    return int(options["parts"])


LOSSES: tuple[LossSpec, ...] = (
    LossSpec(
        name="l1",
        factory=l1,
        summary="mean absolute difference",
        source="Zhao et al. 2017, eq. 2",
    ),
    LossSpec(
        name="mse",
        factory=mse,
        summary="mean squared difference",
        source="Dong et al. 2014 (SRCNN), eq. 4",
    ),
    LossSpec(
        name="charbonnier",
        factory=charbonnier,
        summary="smooth L1",
        source="Lai et al. 2017 (LapSRN), eq. 3",
    ),
    LossSpec(
        name="huber",
        factory=huber,
        summary="mse of small differences, l1 of large ones",
        source="Huber 1964; with delta = 1 torch's HuberLoss",
    ),
    LossSpec(
        name="ssim",
        factory=ssim_loss,
        summary="1 - structural similarity",
        source="Wang et al. 2004, eq. 13; as a loss: Zhao et al. 2017",
        min_size=window_size,
    ),
    LossSpec(
        name="fft",
        factory=fft,
        summary="mean absolute difference of the Fourier spectra",
        source="Cho et al. 2021 (MIMO-UNet), section 3.4, at one scale; weight: its code",
        default_weight=0.1,
    ),
    LossSpec(
        name="msssim",
        factory=msssim_loss,
        summary="1 - multi-scale structural similarity",
        source="Wang et al. 2003, eq. 7, with the exponents of section 3.2; each scale's mean of "
        "structure is at least 1e-4",
        small="msssim(weights=[0.4, 0.6], window=7)",
        min_size=coarsest_window,
    ),
    LossSpec(
        name="ldl",
        factory=ldl,
        summary="mean absolute difference, weighted by an artifact map",
        source="Liang et al. 2022 (LDL), section 3, without the averaged generator",
        min_size=_half_window,
    ),
    LossSpec(
        name="gradient-variance",
        factory=gradient_variance,
        summary="mean squared difference of variances of gradients",
        source="Abrahamyan et al. 2022 and its code, which has the weight too",
        default_weight=0.01,
        min_size=_square,
    ),
    LossSpec(
        name="focal-frequency",
        factory=focal_frequency,
        summary="difference of Fourier spectra, hard frequencies first",
        source="Jiang et al. 2021, section 3.2, and its code",
        min_size=_parts,
        expected_failures={
            "test_gradient_is_the_slope_of_the_loss": "its weights are constants in the gradient, "
            "as published"
        },
    ),
    LossSpec(
        name="gan",
        factory=gan,
        summary="standard adversarial loss (BCE on logits)",
        source="Goodfellow et al. 2014, eq. 1, with the non-saturating generator of section 3",
        adversarial=True,
        default_weight=0.005,
    ),
)
