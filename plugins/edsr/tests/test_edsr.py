"""Is it the generator of the EDSR paper, in [0, 1] at the border?"""

import pytest
import torch
from torch.nn import functional

from srkit_core.options import options_of
from srkit_core.testing import GeneratorContract
from srkit_edsr import edsr
from srkit_edsr.model import ResidualBlock

LARGE = {"blocks": 32, "features": 256, "res_scale": 0.1}


class TestBaseline(GeneratorContract):
    expression = "edsr(blocks=2, features=8)"


class TestScaled(GeneratorContract):
    expression = "edsr(blocks=2, features=8, res_scale=0.1)"


def _parameters(**options):
    with torch.device("meta"):
        return sum(value.numel() for value in edsr(**options).parameters())


def _by_hand(scale, blocks, features):
    inner = features * 9 * features + features
    enlarging = {2: 4 * inner, 3: 9 * inner, 4: 2 * 4 * inner}[scale]
    return (27 * features + features) + (2 * blocks + 1) * inner + enlarging + (features * 27 + 3)


def test_the_paper_s_parameter_counts():
    """Lim et al. 2017, table 1, in millions: baseline 1.5, EDSR 43."""
    assert _parameters(scale=4) == 1_517_571
    assert _parameters(scale=4, **LARGE) == 43_089_923


@pytest.mark.parametrize(
    ("scale", "baseline", "large"),
    [(2, 1_369_859, 40_729_603), (3, 1_554_499, 43_680_003), (4, 1_517_571, 43_089_923)],
)
def test_parameter_counts_by_hand(scale, baseline, large):
    assert _parameters(scale=scale) == baseline == _by_hand(scale, 16, 64)
    assert _parameters(scale=scale, **LARGE) == large == _by_hand(scale, 32, 256)


def test_the_state_dict_has_basicsr_s_names():
    layers = ["conv_first", "conv_after_body", "conv_last", "upsample.0", "upsample.2"]
    layers += [f"body.{block}.conv{number}" for block in range(2) for number in (1, 2)]
    names = {f"{layer}.{tensor}" for layer in layers for tensor in ("weight", "bias")}
    assert set(edsr(scale=4, blocks=2, features=8).state_dict()) == names
    assert set(edsr(scale=3, blocks=2, features=8).state_dict()) == names - {
        "upsample.2.weight",
        "upsample.2.bias",
    }


def test_sizes_and_factors_are_bounded():
    types = {option.name: option.type_name for option in options_of(edsr)}
    assert types == {
        "blocks": "int >= 1",
        "features": "int >= 1",
        "res_scale": "float in 0..1",
        "img_range": "float >= 0.001",
        "rgb_mean": "[float, float, float]",
    }


def test_a_block_adds_its_scaled_branch():
    torch.manual_seed(0)
    block, x = ResidualBlock(4, 0.1), torch.randn(1, 4, 5, 6)
    assert torch.allclose(block(x), x + 0.1 * block.conv2(block.conv1(x).relu()), atol=1e-6)


@pytest.fixture
def repeating():
    """EDSR x2 whose weights repeat pixels: its features are red, green and blue, and its blocks add
    nothing.
    """
    network = edsr(scale=2, blocks=1, features=3).eval()
    with torch.no_grad():
        for value in network.parameters():
            value.zero_()
        for channel in range(3):
            network.conv_first.weight[channel, channel, 1, 1] = 1
            network.upsample[0].weight[4 * channel : 4 * channel + 4, channel, 1, 1] = 1
            network.conv_last.weight[channel, channel, 1, 1] = 1
    return network


def test_the_mean_colour_leaves_and_returns(repeating):
    lr = torch.rand(2, 3, 4, 5)
    with torch.no_grad():
        assert torch.allclose(
            repeating(lr), functional.interpolate(lr, scale_factor=2, mode="nearest"), atol=1e-6
        )
        repeating.conv_last.weight.zero_()
        assert torch.allclose(repeating(lr)[0, :, 0, 0], torch.tensor([0.4488, 0.4371, 0.4040]))


def test_pictures_range_over_255_inside(repeating):
    lr = torch.rand(1, 3, 4, 5)
    with torch.no_grad():
        plain = repeating(lr)
        repeating.conv_last.bias.fill_(25.5)
        assert torch.allclose(repeating(lr) - plain, torch.full_like(plain, 0.1), atol=1e-6)
        repeating.conv_last.bias.zero_()
        repeating.conv_first.bias.fill_(-51)
        assert torch.allclose(repeating(lr) - plain, torch.full_like(plain, -0.2), atol=1e-6)
