"""Is it SRGAN's generator?"""

import pytest
import torch
from torch.nn import functional

from srkit_core.options import options_of
from srkit_core.testing.contracts import GeneratorContract
from srkit_srresnet import srresnet


class TestTanh(GeneratorContract):
    expression = "srresnet(blocks=1, features=8)"


class TestLinear(GeneratorContract):
    expression = "srresnet(blocks=1, features=8, head=linear)"


def _parameters(**options):
    with torch.device("meta"):
        return sum(value.numel() for value in srresnet(**options).parameters())


@pytest.mark.parametrize(("blocks", "count"), [(6, 808_332), (8, 956_558), (16, 1_549_462)])
def test_the_reported_parameter_counts(blocks, count):
    assert _parameters(scale=4, blocks=blocks) == count


def test_parameter_counts_of_other_scales_by_hand():
    # A stage of factor 2 is a convolution 64-256 and a slope; the one of factor 3 a convolution 64-576 and a slope.
    assert _parameters(scale=2) == 1_549_462 - (64 * 9 * 256 + 256 + 1)
    assert _parameters(scale=3) == 1_549_462 - 2 * (64 * 9 * 256 + 256 + 1) + (64 * 9 * 576 + 576 + 1)


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(srresnet) if option.type_name == "int >= 1"]
    assert counts == ["blocks", "features"]


def test_the_tanh_head_fills_0_to_1_and_the_linear_one_knows_no_bounds():
    torch.manual_seed(0)
    bounded, free = srresnet(scale=2, blocks=1, features=8).eval(), srresnet(scale=2, blocks=1, features=8, head="linear").eval()
    bounded.conv_out.weight.data *= 100
    free.load_state_dict(bounded.state_dict())
    lr = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert (bounded(lr).amin().item(), bounded(lr).amax().item()) == (pytest.approx(0, abs=1e-3), pytest.approx(1, abs=1e-3))
        assert torch.allclose(bounded(lr), (free(lr).tanh() + 1) / 2)
        assert free(lr).amin() < -1
        assert free(lr).amax() > 1


def test_the_global_skip_joins_after_the_fusion_normalisation():
    torch.manual_seed(0)
    network = srresnet(scale=2, blocks=2, features=8, head="linear").eval()
    torch.nn.init.zeros_(network.bn_mid.weight)
    lr = torch.rand(1, 3, 5, 7)
    shallow = network.act_in(network.conv_in(lr))
    expected = network.conv_out(network.upact1(functional.pixel_shuffle(network.up1(shallow), 2)))
    assert torch.allclose(network(lr), expected)
