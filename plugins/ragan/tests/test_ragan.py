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
