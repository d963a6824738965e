"""Are both faces ESRGAN's?"""

import math

import pytest
import torch

from srkit_core.testing import AdversarialLossContract
from srkit_ragan import ragan

REAL, FAKE = torch.tensor([[0.0], [2.0]]), torch.tensor([[-1.0], [0.0]])
"""Averages 1 and -0.5."""


class TestRaGAN(AdversarialLossContract):
    expression = "ragan"


class TestSmoothed(AdversarialLossContract):
    expression = "ragan(real_label=0.9, fake_label=0.1)"


def test_the_discriminator_s_face_by_hand():
    # log(1 + e^x) of x = -0.5 and -2.5 (real against -0.5), then of -2 and -1 (fake against 1); the
    # mean of both means.
    expected = ((0.474077 + 0.078889) / 2 + (0.126928 + 0.313262) / 2) / 2
    assert ragan().discriminator(REAL, FAKE).item() == pytest.approx(expected, abs=1e-6)


def test_the_generator_s_face_by_hand():
    # log(1 + e^x) of x = 2 and 1 (fake against 1), then of 0.5 and 2.5 (real against -0.5); the
    # mean of both means.
    expected = ((2.126928 + 1.313262) / 2 + (0.974077 + 2.578889) / 2) / 2
    assert ragan().generator(REAL, FAKE).item() == pytest.approx(expected, abs=1e-6)


def test_the_generator_s_gradient_flows_through_the_average_too():
    fake = FAKE.clone().requires_grad_()
    ragan().generator(REAL, fake).backward()
    # sigmoid of 2 and 1, each plus the mean of those of 0.5 and 2.5, over 2 terms and 2 pictures.
    average = (0.622459 + 0.924142) / 2
    assert fake.grad.flatten().tolist() == pytest.approx(
        [-(0.880797 + average) / 4, -(0.731059 + average) / 4], abs=1e-6
    )


def _gradients(face, real, fake):
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    found = torch.autograd.grad(face(real, fake), (real, fake), allow_unused=True)
    return [None if one is None else one.flatten().tolist() for one in found]


def _sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_detached_averages_are_constants_in_the_discriminator_s_gradient():
    # d/dx of log(1 + e^-(x - mean)) is -sigmoid(mean - x), over 2 terms and 2 pictures.
    of_real = [-_sigmoid(-0.5 - x) / 4 for x in (0, 2)]
    of_fake = [_sigmoid(x - 1) / 4 for x in (-1, 0)]
    assert _gradients(ragan(detach=True).discriminator, REAL, FAKE) == [
        pytest.approx(of_real, abs=1e-7),
        pytest.approx(of_fake, abs=1e-7),
    ]
    # Of the averages each logit has a half, and they move the other side's terms.
    on_real, on_fake = sum(of_real), sum(of_fake)
    assert _gradients(ragan().discriminator, REAL, FAKE) == [
        pytest.approx([one - on_fake / 2 for one in of_real], abs=1e-7),
        pytest.approx([one - on_real / 2 for one in of_fake], abs=1e-7),
    ]


def test_detaching_is_basicsr_s_two_backward_passes():
    """One for real logits and one for fake ones, with the other side's logits detached."""
    rng = torch.Generator().manual_seed(3)
    weights = torch.randn(5, dtype=torch.float64, generator=rng).requires_grad_()
    pictures = torch.randn(2, 6, 5, dtype=torch.float64, generator=rng)
    real, fake = (one @ weights for one in pictures)
    (found,) = torch.autograd.grad(ragan(detach=True).discriminator(real, fake), weights)
    cross_entropy = torch.nn.BCEWithLogitsLoss()
    for side, other, label in ((0, 1, 1.0), (1, 0, 0.0)):
        judged, average = pictures[side] @ weights, (pictures[other] @ weights).detach().mean()
        (0.5 * cross_entropy(judged - average, torch.full_like(judged, label))).backward()
    assert found.tolist() == pytest.approx(weights.grad.tolist(), abs=1e-15)


def test_detaching_changes_no_value_and_nothing_of_the_generator():
    for face in ("generator", "discriminator"):
        values = [getattr(ragan(detach=detach), face)(REAL, FAKE) for detach in (False, True)]
        assert values[0].item() == values[1].item()
    assert _gradients(ragan(detach=True).generator, REAL, FAKE) == _gradients(
        ragan().generator, REAL, FAKE
    )


def test_labels_of_both_sides_are_the_discriminator_s():
    smooth = ragan(real_label=0.9, fake_label=0.2)
    # Real against the mean of fake is 0.5 and 2.5, fake against that of real -2 and -1.
    on_real = [-0.9 * math.log(_sigmoid(x)) - 0.1 * math.log(_sigmoid(-x)) for x in (0.5, 2.5)]
    on_fake = [-0.2 * math.log(_sigmoid(x)) - 0.8 * math.log(_sigmoid(-x)) for x in (-2, -1)]
    expected = (sum(on_real) / 2 + sum(on_fake) / 2) / 2
    assert smooth.discriminator(REAL, FAKE).item() == pytest.approx(expected, abs=1e-6)
    assert smooth.generator(REAL, FAKE).item() == ragan().generator(REAL, FAKE).item()


def test_sides_that_look_alike_cost_log_2():
    alike = torch.full((3, 1, 2, 2), 5.0)
    assert ragan().generator(alike, alike).item() == pytest.approx(math.log(2))
    assert ragan().discriminator(alike, alike).item() == pytest.approx(math.log(2))


def test_only_differences_count():
    assert ragan().generator(REAL + 30, FAKE + 30).item() == pytest.approx(
        ragan().generator(REAL, FAKE).item(), rel=1e-5
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_averaged_in_float32(dtype):
    real, fake = (
        torch.full((4, 1), 60_000.0, dtype=dtype),
        torch.full((4, 1), -60_000.0, dtype=dtype),
    )
    assert ragan().discriminator(real, fake).item() == 0
    assert ragan().generator(real, fake).item() == pytest.approx(120_000, rel=0.01)
    assert ragan().generator(real, fake).dtype == torch.float32
    assert ragan().generator(REAL.double(), FAKE.double()).dtype == torch.float64


def test_the_averages_of_a_map_run_over_pictures_and_positions():
    real, fake = (
        torch.tensor([0.0, 2.0, 0.0, 2.0]).view(2, 1, 1, 2),
        torch.tensor([-1.0, 0.0, 0.0, -1.0]).view(2, 1, 1, 2),
    )
    assert ragan().generator(real, fake).item() == pytest.approx(
        ragan().generator(REAL, FAKE).item()
    )
    assert ragan().discriminator(real, fake).item() == pytest.approx(
        ragan().discriminator(REAL, FAKE).item()
    )


def test_certain_logits_are_no_trouble():
    real, fake = (
        torch.full((2, 1), -100.0, requires_grad=True),
        torch.full((2, 1), 100.0, requires_grad=True),
    )
    assert ragan().generator(real, fake).item() == 0
    wrong = ragan().discriminator(real, fake)
    wrong.backward()
    assert wrong.item() == 200
    # Each score moves its own term by half a mean and the average of the other: (1/2 + 1/2) / 2 a
    # picture.
    assert real.grad.flatten().tolist() == pytest.approx([-0.5, -0.5])
    assert fake.grad.flatten().tolist() == pytest.approx([0.5, 0.5])
