from math import log

import pytest
import torch

from srkit_core.builtin import charbonnier, gan, l1, mse, srkit_components
from srkit_core.interfaces import AdversarialLoss, ReferenceLoss
from srkit_core.specs import LossSpec

SR = torch.tensor([0.0, 0.5, 1.0, 0.25]).view(1, 1, 2, 2)
HR = torch.tensor([0.5, 0.5, 0.0, 0.50]).view(1, 1, 2, 2)


def test_pixel_losses() -> None:
    assert l1()(SR, HR).item() == 1.75 / 4
    assert mse()(SR, HR).item() == 1.3125 / 4


def test_charbonnier() -> None:
    difference = torch.full((2, 3, 4, 4), 0.3)
    assert charbonnier(eps=0.4)(difference, torch.zeros_like(difference)).item() == pytest.approx(0.5)
    assert charbonnier()(SR, SR).item() == pytest.approx(1e-3)


def test_charbonnier_has_a_gradient_where_pictures_agree() -> None:
    sr = HR.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(charbonnier()(sr, HR), sr)
    assert not gradient.any()


@pytest.mark.parametrize("shape", [(4, 1), (2, 1, 6, 6)])
def test_gan_without_an_opinion(shape: tuple[int, ...]) -> None:
    logits = torch.zeros(shape)
    assert gan().generator(logits, logits).item() == pytest.approx(log(2))
    assert gan().discriminator(logits, logits).item() == pytest.approx(2 * log(2))


def test_gan_with_an_opinion() -> None:
    # Logits log 3 and -log 3 are the probabilities 3/4 and 1/4.
    real, fake = torch.tensor([[log(3)]]), torch.tensor([[-log(3)]])
    assert gan().generator(real, fake).item() == pytest.approx(-log(1 / 4))
    assert gan().discriminator(real, fake).item() == pytest.approx(-log(3 / 4) - log(3 / 4))
    assert gan().discriminator(fake, real).item() == pytest.approx(-log(1 / 4) - log(1 / 4))


def test_gan_is_finite_when_the_discriminator_is_certain() -> None:
    certain = torch.full((2, 1), 1000.0)
    assert gan().generator(certain, -certain).item() == 1000
    assert gan().discriminator(certain, -certain).item() == 0


def test_generator_moves_fake_alone() -> None:
    real, fake = torch.zeros(4, 1, requires_grad=True), torch.zeros(4, 1, requires_grad=True)
    gradients = torch.autograd.grad(gan().generator(real, fake), (real, fake), allow_unused=True)
    assert [gradient is None for gradient in gradients] == [True, False]
    assert gradients[1].flatten().tolist() == [-0.125] * 4  # (sigmoid(0) - 1) / 4


@pytest.mark.parametrize("spec", [spec for spec in srkit_components() if isinstance(spec, LossSpec)], ids=lambda spec: spec.name)
def test_losses_are_what_they_announce(spec: LossSpec) -> None:
    assert isinstance(spec.factory(), AdversarialLoss if spec.adversarial else ReferenceLoss)
