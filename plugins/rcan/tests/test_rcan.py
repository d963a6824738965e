"""Is it the generator of the RCAN paper, in [0, 1] at the border?"""

import pytest
import torch
from torch.nn import functional

from srkit_core.errors import OptionError
from srkit_core.options import options_of
from srkit_core.testing import GeneratorContract
from srkit_rcan import rcan
from srkit_rcan.model import AttentionBlock, ChannelAttention, ResidualGroup


class TestRCAN(GeneratorContract):
    expression = "rcan(groups=2, blocks=2, features=16, reduction=2)"


def _parameters(**options):
    with torch.device("meta"):
        return sum(value.numel() for value in rcan(**options).parameters())


def test_the_paper_s_parameter_count():
    """Zhang et al. 2018 report about 16 million."""
    assert _parameters(scale=4) == 15_592_355


@pytest.mark.parametrize(("scale", "count"), [(2, 15_444_643), (3, 15_629_283), (4, 15_592_355)])
def test_parameter_counts_by_hand(scale, count):
    inner = 64 * 9 * 64 + 64
    block = 2 * inner + (64 * 4 + 4) + (4 * 64 + 64)
    body = 10 * (20 * block + inner) + inner
    enlarging = {2: 4 * inner, 3: 9 * inner, 4: 2 * 4 * inner}[scale]
    assert _parameters(scale=scale) == count == (27 * 64 + 64) + body + enlarging + (64 * 27 + 3)


def test_the_state_dict_has_basicsr_s_names():
    layers = ["conv_first", "conv_after_body", "conv_last", "upsample.0", "body.0.conv"]
    layers += [
        f"body.0.residual_group.{block}.rcab.{one}"
        for block in (0, 1)
        for one in ("0", "2", "3.attention.1", "3.attention.3")
    ]
    names = {f"{layer}.{tensor}" for layer in layers for tensor in ("weight", "bias")}
    assert set(rcan(scale=3, groups=1, blocks=2).state_dict()) == names
    assert set(rcan(scale=4, groups=1, blocks=2).state_dict()) == names | {
        "upsample.2.weight",
        "upsample.2.bias",
    }


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(rcan) if option.type_name == "int >= 1"]
    assert counts == ["groups", "blocks", "features", "reduction"]


def test_a_reduction_that_leaves_no_channel_is_refused():
    with pytest.raises(
        OptionError, match="rcan: option 'reduction' is at most the 8 features, not 16"
    ) as refused:
        rcan(scale=4, features=8)
    assert refused.value.hint == "rcan(features=8, reduction=8)"


def test_attention_weighs_channels_by_their_means():
    attention = ChannelAttention(2, 1)
    squeeze, expand = attention.attention[1], attention.attention[3]
    with torch.no_grad():
        for value in (squeeze.weight, squeeze.bias, expand.weight, expand.bias):
            value.zero_()
        squeeze.weight[0, :, 0, 0] = torch.tensor([1.0, -1.0])
        expand.weight[:, 0, 0, 0] = torch.tensor([1.0, -2.0])
    x = torch.tensor([[[[1.0, 5.0]], [[0.0, 2.0]]]])
    # The means 3 and 1 make relu(3 - 1) = 2, which makes sigmoid(2) and sigmoid(-4).
    high, low = 1 / (1 + 2.718281828**-2), 1 / (1 + 2.718281828**4)
    assert torch.allclose(attention(x), torch.tensor([[[[high, 5 * high]], [[0, 2 * low]]]]))


def test_blocks_and_groups_add_their_branch():
    torch.manual_seed(0)
    x = torch.randn(1, 4, 5, 6)
    block, group = AttentionBlock(4, 2), ResidualGroup(1, 4, 2)
    first, _, second, attention = block.rcab
    assert torch.allclose(block(x), x + attention(second(first(x).relu())), atol=1e-6)
    assert torch.allclose(group(x), x + group.conv(group.residual_group[0](x)), atol=1e-6)


@pytest.fixture
def repeating():
    """RCAN x2 whose weights repeat pixels: its features are red, green and blue, and its groups add
    nothing.
    """
    network = rcan(scale=2, groups=1, blocks=1, features=3, reduction=3).eval()
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
