"""Is the total variation that of the formula?"""

import pytest
import torch

from srkit_core.testing import ReferenceLossContract
from srkit_tv import srkit_components
from srkit_tv.loss import TotalVariation


class TestTV(ReferenceLossContract):
    expression = "tv"


class TestAbsoluteTV(ReferenceLossContract):
    expression = "tv(norm=l1)"


def test_a_vertical_edge_costs_its_squared_height_per_pair():
    sr = torch.zeros(1, 3, 4, 5)
    sr[..., 2:] = 0.5
    assert TotalVariation()(sr, torch.zeros_like(sr)).item() == pytest.approx(0.25 / 4)
    assert TotalVariation()(sr.transpose(2, 3), torch.zeros(1, 3, 5, 4)).item() == pytest.approx(
        0.25 / 4
    )


def test_with_l1_an_edge_costs_its_height_per_pair():
    sr = torch.zeros(1, 3, 4, 5)
    sr[..., 2:] = 0.5
    assert TotalVariation("l1")(sr, torch.zeros_like(sr)).item() == pytest.approx(0.5 / 4)
    torch.manual_seed(0)
    noise = torch.rand(1, 3, 8, 8)
    doubled, once = (TotalVariation("l1")(one, noise).item() for one in (2 * noise - 1, noise))
    assert doubled == pytest.approx(2 * once, rel=1e-5)


def test_a_flat_picture_costs_nothing_and_hr_does_not_matter():
    flat = torch.full((2, 3, 4, 4), 0.3)
    assert TotalVariation()(flat, torch.rand(2, 3, 4, 4)).item() == 0


def test_pictures_in_minus_one_to_one_cost_four_times_as_much():
    torch.manual_seed(0)
    sr = torch.rand(1, 3, 8, 8)
    assert TotalVariation()(2 * sr - 1, sr).item() == pytest.approx(
        4 * TotalVariation()(sr, sr).item(), rel=1e-5
    )


def test_its_default_weight_is_the_published_one():
    assert srkit_components()[0].default_weight == 2e-8
