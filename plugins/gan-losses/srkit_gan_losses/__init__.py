"""Announces the least-squares, hinge, Wasserstein and probability adversarial losses."""

from typing import Annotated, Literal

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import AdversarialLoss, Between
from srkit_core.specs import LossSpec


def lsgan(
    *,
    half: Literal["both", "discriminator", "neither"] = "discriminator",
    real_label: Annotated[float, Between(0.5, 1)] = 1.0,
    fake_label: Annotated[float, Between(0, 0.5)] = 0.0,
) -> AdversarialLoss:
    """Squared distance of raw scores from 1 for real and 0 for fake.

    Args:
        half: which losses have the factor 1/2: both, as published (Mao et al. 2017, eq. 9); the
            discriminator's, as in CycleGAN (Zhu et al. 2017, section 4); or neither, as in BasicSR.
        real_label: the discriminator's target for real pictures; less than 1 is label smoothing
            (Salimans et al. 2016, section 3.4). The generator's target stays 1.
        fake_label: the discriminator's target for fake pictures.
    """
    from srkit_gan_losses.loss import LeastSquares

    return LeastSquares(half=half, real_label=real_label, fake_label=fake_label)


def hinge() -> AdversarialLoss:
    """Margin of 1 on raw scores for the discriminator, the negative score for the generator."""
    from srkit_gan_losses.loss import Hinge

    return Hinge()


def wgan() -> AdversarialLoss:
    """Difference of the mean scores: an estimate of the Wasserstein distance between real and fake
    pictures.

    It is one only if scores cannot change faster than pictures do, and nothing in the loss keeps
    them from growing, so it needs a spectrally normalised discriminator (Miyato et al. 2018), such
    as `vgg-sn`. There is no gradient penalty: that would need pictures, and a loss sees scores
    only.
    """
    from srkit_gan_losses.loss import Wasserstein

    return Wasserstein()


def prob_gan() -> AdversarialLoss:
    """1 - D(real) + D(fake) for the discriminator and 1 - D(fake) for the generator, D being
    sigmoid of the logits.
    """
    from srkit_gan_losses.loss import ProbabilityGAN

    return ProbabilityGAN()


@hookimpl
def srkit_components() -> list[LossSpec]:
    """Announce `lsgan`, `hinge`, `wgan` and `prob-gan`."""
    return [
        LossSpec(
            name="lsgan",
            factory=lsgan,
            summary="least-squares adversarial loss",
            source="Mao et al. 2017, eq. 9; the default, without the factor 1/2 of the "
            "generator's loss: Zhu et al. 2017 (CycleGAN), section 4",
            adversarial=True,
            default_weight=0.005,
        ),
        LossSpec(
            name="hinge",
            factory=hinge,
            summary="hinge adversarial loss",
            source="Lim & Ye 2017; Miyato et al. 2018, eq. 16 and 17",
            adversarial=True,
            default_weight=0.005,
        ),
        LossSpec(
            name="wgan",
            factory=wgan,
            summary="Wasserstein adversarial loss",
            source="Arjovsky et al. 2017, eq. 3 and algorithm 1, with spectral normalisation "
            "(Miyato et al. 2018) in place of clipping",
            adversarial=True,
            needs_lipschitz=True,
            default_weight=0.005,
        ),
        LossSpec(
            name="prob-gan",
            factory=prob_gan,
            summary="1 - D(real) + D(fake) on probabilities",
            source="SRGAN re-implementations (empirical)",
            adversarial=True,
            default_weight=0.005,
        ),
    ]
