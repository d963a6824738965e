"""Are both faces of every game those of its paper?"""

from math import exp, log

import pytest
import torch
from torch import Tensor

from srkit_core.interfaces import AdversarialLoss
from srkit_core.testing import AdversarialLossContract
from srkit_gan_losses import hinge, lsgan, prob_gan, srkit_components, wgan

REAL, FAKE = torch.tensor([[0.5], [2.0], [-1.0]]), torch.tensor([[-2.0], [0.5], [1.5]])
EACH = pytest.mark.parametrize(
    "loss", [lsgan(), hinge(), wgan(), prob_gan()], ids=["lsgan", "hinge", "wgan", "prob-gan"]
)


class TestLSGAN(AdversarialLossContract):
    expression = "lsgan"


class TestLSGANAsPublished(AdversarialLossContract):
    expression = "lsgan(half=both, real_label=0.9, fake_label=0.1)"


class TestHinge(AdversarialLossContract):
    expression = "hinge"


class TestWGAN(AdversarialLossContract):
    expression = "wgan"


class TestProbGAN(AdversarialLossContract):
    expression = "prob-gan"


def test_least_squares_by_hand():
    # (fake - 1)^2 is 9, 0.25 and 0.25; (real - 1)^2 is 0.25, 1 and 4; fake^2 is 4, 0.25 and 2.25.
    assert lsgan().generator(REAL, FAKE).item() == pytest.approx(9.5 / 3)
    assert lsgan().discriminator(REAL, FAKE).item() == pytest.approx((5.25 / 3 + 6.5 / 3) / 2)


@pytest.mark.parametrize(
    ("half", "generator", "discriminator"),
    [
        ("both", 9.5 / 3 / 2, (5.25 / 3 + 6.5 / 3) / 2),  # Mao et al. 2017
        ("discriminator", 9.5 / 3, (5.25 / 3 + 6.5 / 3) / 2),  # CycleGAN
        ("neither", 9.5 / 3, 5.25 / 3 + 6.5 / 3),  # BasicSR
    ],
)
def test_the_factor_of_least_squares(half, generator, discriminator):
    assert lsgan(half=half).generator(REAL, FAKE).item() == pytest.approx(generator)
    assert lsgan(half=half).discriminator(REAL, FAKE).item() == pytest.approx(discriminator)


def test_labels_of_least_squares_are_the_discriminator_s():
    smooth = lsgan(real_label=0.5, fake_label=0.5)
    # real - 1/2 is 0, 1.5 and -1.5, fake - 1/2 is -2.5, 0 and 1.
    assert smooth.discriminator(REAL, FAKE).item() == pytest.approx((4.5 / 3 + 7.25 / 3) / 2)
    assert smooth.generator(REAL, FAKE).item() == lsgan().generator(REAL, FAKE).item()


def test_hinge_by_hand():
    # max(0, 1 - real) is 0.5, 0 and 2; max(0, 1 + fake) is 0, 1.5 and 2.5.
    assert hinge().generator(REAL, FAKE).item() == 0
    assert hinge().generator(REAL, FAKE - 1).item() == 1
    assert hinge().discriminator(REAL, FAKE).item() == pytest.approx(2.5 / 3 + 4 / 3)


def test_the_discriminator_of_hinge_gains_nothing_beyond_its_margin():
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    gradients = torch.autograd.grad(hinge().discriminator(real, fake), (real, fake))
    assert gradients[0].flatten().tolist() == pytest.approx([-1 / 3, 0, -1 / 3])
    assert gradients[1].flatten().tolist() == pytest.approx([0, 1 / 3, 1 / 3])


def test_wasserstein_by_hand():
    # The means of real and fake are 0.5 and 0; every score has the same slope.
    assert wgan().generator(REAL, FAKE - 2).item() == 2
    assert wgan().discriminator(REAL, FAKE).item() == -0.5
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    gradients = torch.autograd.grad(wgan().discriminator(real, fake), (real, fake))
    assert [gradient.flatten().tolist() for gradient in gradients] == [
        pytest.approx([-1 / 3] * 3),
        pytest.approx([1 / 3] * 3),
    ]


def test_probabilities_by_hand():
    # Logits log 3, -log 3 and 0 are the probabilities 3/4, 1/4 and 1/2; log 9 and -log 9 are 9/10
    # and 1/10.
    real, fake = torch.tensor([log(3), 0.0, log(9)]), torch.tensor([-log(3), 0.0, -log(9)])
    assert prob_gan().generator(real, fake).item() == pytest.approx((0.75 + 0.5 + 0.9) / 3)
    assert prob_gan().discriminator(real, fake).item() == pytest.approx(
        (0.25 + 0.5 + 0.1) / 3 + (0.25 + 0.5 + 0.1) / 3
    )
    assert prob_gan().discriminator(fake, real).item() == pytest.approx((0.75 + 0.5 + 0.9) / 3 * 2)


def test_what_is_left_of_a_certain_probability_does_not_round_to_0():
    logit = torch.tensor([50.0])
    assert prob_gan().generator(-logit, logit).item() == pytest.approx(exp(-50), rel=1e-5)
    assert prob_gan().discriminator(logit, -logit).item() == pytest.approx(2 * exp(-50), rel=1e-5)


@EACH
def test_a_map_of_logits_counts_as_its_values(loss: AdversarialLoss):
    real, fake = torch.arange(-4.0, 4).view(2, 1, 2, 2), torch.arange(8.0).view(2, 1, 2, 2) / 4
    assert loss.generator(real, fake).item() == pytest.approx(
        loss.generator(real.view(8), fake.view(8)).item()
    )
    assert loss.discriminator(real, fake).item() == pytest.approx(
        loss.discriminator(real.view(8), fake.view(8)).item()
    )


@pytest.mark.parametrize(
    ("loss", "generator", "discriminator"),
    # Faces for a discriminator that is sure and wrong: real -100, fake 100.
    [
        (lsgan(), 99**2, (101**2 + 100**2) / 2),
        (hinge(), -100, 202),
        (wgan(), -100, 200),
        (prob_gan(), 0, 2),
    ],
)
def test_certain_logits_are_no_trouble(
    loss: AdversarialLoss, generator: float, discriminator: float
):
    real, fake = (torch.full((2, 1, 3, 3), logit, requires_grad=True) for logit in (-100.0, 100.0))
    faces = loss.generator(real, fake), loss.discriminator(real, fake)
    assert [face.item() for face in faces] == pytest.approx([generator, discriminator], abs=1e-6)
    sum(faces).backward()
    assert bool(torch.cat([real.grad, fake.grad]).isfinite().all())


@EACH
def test_the_generator_moves_fake_alone(loss: AdversarialLoss):
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    gradients: tuple[Tensor | None, ...] = torch.autograd.grad(
        loss.generator(real, fake), (real, fake), allow_unused=True
    )
    assert gradients[0] is None
    assert bool(
        (gradients[1][1] < 0).all()
    )  # of the second score, 0.5, which every game wants higher


def test_only_wasserstein_needs_a_lipschitz_discriminator():
    assert [spec.name for spec in srkit_components() if spec.needs_lipschitz] == ["wgan"]
