"""Which losses come with srkit?"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from srkit_core.interfaces import AdversarialLoss, Between, Count, ReferenceLoss
from srkit_core.specs import LossSpec


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
        name="gan",
        factory=gan,
        summary="standard adversarial loss (BCE on logits)",
        source="Goodfellow et al. 2014, eq. 1, with the non-saturating generator of section 3",
        adversarial=True,
        default_weight=0.005,
    ),
)
