from math import exp, log

import numpy as np
import pytest
import torch

from srkit_core.builtin import ssim
from srkit_core.builtin.known_losses import LOSSES, charbonnier, fft, gan, huber, l1, mse, ssim_loss
from srkit_core.errors import DataError, OptionError
from srkit_core.interfaces import AdversarialLoss, ReferenceLoss
from srkit_core.specs import LossSpec

SR = torch.tensor([0.0, 0.5, 1.0, 0.25]).view(1, 1, 2, 2)
HR = torch.tensor([0.5, 0.5, 0.0, 0.50]).view(1, 1, 2, 2)


def test_pixel_losses() -> None:
    assert l1()(SR, HR).item() == 1.75 / 4
    assert mse()(SR, HR).item() == 1.3125 / 4


def test_charbonnier() -> None:
    difference = torch.full((2, 3, 4, 4), 0.3)
    assert charbonnier(eps=0.4)(difference, torch.zeros_like(difference)).item() == pytest.approx(
        0.5
    )
    assert charbonnier()(SR, SR).item() == pytest.approx(1e-3)


def test_charbonnier_has_a_gradient_where_pictures_agree() -> None:
    sr = HR.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(charbonnier()(sr, HR), sr)
    assert not gradient.any()


def test_huber_is_quadratic_up_to_delta_and_then_linear() -> None:
    """Differences 0.5, 0, 1 and 0.25; with delta 0.3 the first and the third are on the line."""
    quadratic, line = 0.25**2 / 2, 0.3 * ((0.5 - 0.15) + (1 - 0.15))
    assert huber(delta=0.3)(SR, HR).item() == pytest.approx((quadratic + line) / 4)
    assert huber()(SR, HR).item() == pytest.approx(mse()(SR, HR).item() / 2)


def crops(*, noise: float, side: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch of soft shapes, and the same with noise."""
    draw = torch.Generator().manual_seed(5)
    hr = torch.rand(3, 3, side, side, generator=draw).cumsum(-1) / side
    return (hr + noise * torch.randn(hr.shape, generator=draw)).clamp(0, 1), hr


def test_ssim_by_hand() -> None:
    flat = torch.ones(1, 3, 16, 16, dtype=torch.float64)
    # Without variance only the first factor is left: 1 - (2 * 0.5 * 0.6 + C1) / (0.5^2 + 0.6^2 +
    # C1).
    assert ssim_loss()(0.5 * flat, 0.6 * flat).item() == pytest.approx(0.01 / 0.6101, rel=1e-9)
    assert ssim_loss()(0.5 * flat.float(), 0.6 * flat.float()).item() == pytest.approx(
        0.01 / 0.6101, rel=5e-4
    )
    # Of black and white stripes and their negative a uniform window of 15 holds 7 or 8: p = 7/15,
    # covariance -p (1 - p) = -56/225.
    stripes = torch.arange(16).remainder(2).double().expand(1, 1, 16, 16)
    negative = (112 / 225 + 1e-4) * (-112 / 225 + 9e-4) / ((113 / 225 + 1e-4) * (112 / 225 + 9e-4))
    assert ssim_loss(window=15, sigma=1e6)(stripes, 1 - stripes).item() == pytest.approx(
        1 - negative, rel=1e-9
    )
    # A window of one pixel sees no variance at all.
    assert ssim_loss(window=1)(SR, SR + 0.1).item() == pytest.approx(
        sum(0.01 / (x**2 + (x + 0.1) ** 2 + 1e-4) for x in (0, 0.5, 1, 0.25)) / 4
    )


@pytest.mark.parametrize("noise", [0.0, 1e-5, 0.01, 0.3])
def test_the_loss_is_one_minus_the_metric(noise: float) -> None:
    sr, hr = crops(noise=noise)
    expected = 1 - ssim()(sr, hr).mean().item()
    assert ssim_loss()(sr, hr).item() == pytest.approx(expected, rel=1e-3, abs=1e-12)
    assert ssim_loss(window=5, sigma=0.7)(sr, hr).item() == pytest.approx(
        1 - ssim(window=5, sigma=0.7)(sr, hr).mean().item(), rel=1e-3, abs=1e-12
    )


def test_the_gradient_of_ssim_is_that_of_its_value() -> None:
    sr, hr = (picture[:1, :1, :9, :8].double() for picture in crops(noise=0.1))
    loss = ssim_loss(window=5, sigma=1.0)
    assert torch.autograd.gradcheck(loss, (sr.requires_grad_(), hr.requires_grad_()))
    assert torch.autograd.gradgradcheck(loss, (sr, hr))


def test_ssim_of_a_small_crop_is_refused() -> None:
    with pytest.raises(
        DataError, match="8 x 8 pixels is smaller than the 11 x 11 window"
    ) as caught:
        ssim_loss()(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
    assert "ssim(window=7)" in caught.value.hint
    with pytest.raises(OptionError, match="expects an odd number, not 4"):
        ssim_loss(window=4)


def test_fft_by_hand() -> None:
    # The difference of the four pixels is (-0.5, 0; 1, -0.25): its four sums with signs ++++, +-+-,
    # ++--, +--+ are real.
    sums = 0.25 + 0.75 + abs(-1.25) + abs(-1.75)
    assert fft()(SR, HR).item() == pytest.approx(sums / 8)  # four real and four imaginary parts
    assert fft(norm="ortho")(SR, HR).item() == pytest.approx(sums / 8 / 2)


def test_fft_sees_every_frequency_of_each_channel() -> None:
    sr, hr = crops(noise=0.1, side=15)
    spectrum = np.fft.fft2((sr - hr).numpy())
    expected = (np.abs(spectrum.real).mean() + np.abs(spectrum.imag).mean()) / 2
    assert fft()(sr, hr).item() == pytest.approx(expected, rel=1e-5)
    assert fft(norm="ortho")(sr, hr).item() == pytest.approx(expected / 15, rel=1e-5)


def test_a_wave_costs_fft_its_one_frequency() -> None:
    wave = torch.cos(2 * torch.pi * 3 * torch.arange(16) / 16).expand(1, 1, 8, 16)
    # Two of 8 x 16 coefficients, each half the number of pixels, with a real part only.
    assert fft()(wave, torch.zeros_like(wave)).item() == pytest.approx(2 * 64 / (2 * 128), rel=1e-5)


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


@pytest.mark.parametrize("shape", [(4, 1), (1, 1, 2, 2)])
def test_gan_of_several_opinions(shape: tuple[int, ...]) -> None:
    logits = (0.5, -1.0, 2.0, 0.0)
    real, fake = torch.tensor(logits).view(shape), torch.tensor([-x for x in logits]).view(shape)
    mean = sum(log(1 + exp(x)) for x in (-0.5, 1.0, -2.0, 0.0)) / 4
    assert gan().discriminator(real, fake).item() == pytest.approx(2 * mean)
    assert gan().generator(fake, real).item() == pytest.approx(mean)


def test_one_sided_smoothing_moves_the_target_of_real_pictures_alone() -> None:
    real, fake = torch.tensor([[log(3)]]), torch.tensor([[-log(3)]])
    smooth = gan(real_label=0.9)
    assert smooth.discriminator(real, fake).item() == pytest.approx(
        -0.9 * log(3 / 4) - 0.1 * log(1 / 4) - log(3 / 4)
    )
    assert smooth.generator(real, fake).item() == gan().generator(real, fake).item()
    # At a probability of 0.9 the discriminator has nothing more to gain.
    sure = torch.tensor([[log(9)]], requires_grad=True)
    smooth.discriminator(sure, fake).backward()
    assert sure.grad is not None
    assert sure.grad.item() == pytest.approx(0, abs=1e-7)


def test_both_labels_are_smoothed_for_the_discriminator_alone() -> None:
    real, fake = torch.tensor([[log(3)]]), torch.tensor([[-log(3)]])
    smooth = gan(real_label=0.9, fake_label=0.2)
    assert smooth.discriminator(real, fake).item() == pytest.approx(
        -(0.9 * log(3 / 4) + 0.1 * log(1 / 4)) - (0.2 * log(1 / 4) + 0.8 * log(3 / 4))
    )
    assert smooth.generator(real, fake).item() == gan().generator(real, fake).item()
    # At a probability of 0.2 the discriminator has nothing more to gain.
    sure = torch.tensor([[-log(4)]], requires_grad=True)
    smooth.discriminator(real, sure).backward()
    assert sure.grad is not None
    assert sure.grad.item() == pytest.approx(0, abs=1e-7)


def test_gan_is_finite_when_the_discriminator_is_certain() -> None:
    certain = torch.full((2, 1), 1000.0)
    assert gan().generator(certain, -certain).item() == 1000
    assert gan().discriminator(certain, -certain).item() == 0


def test_generator_moves_fake_alone() -> None:
    real, fake = torch.zeros(4, 1, requires_grad=True), torch.zeros(4, 1, requires_grad=True)
    gradients = torch.autograd.grad(gan().generator(real, fake), (real, fake), allow_unused=True)
    assert [gradient is None for gradient in gradients] == [True, False]
    assert gradients[1].flatten().tolist() == [-0.125] * 4  # (sigmoid(0) - 1) / 4


@pytest.mark.parametrize("spec", LOSSES, ids=lambda spec: spec.name)
def test_losses_are_what_they_announce(spec: LossSpec) -> None:
    assert isinstance(spec.factory(), AdversarialLoss if spec.adversarial else ReferenceLoss)
