"""Are the attentions those of the papers, and does the network without them stay as it is?"""

import pytest
import torch

from srkit_core.testing import GeneratorContract
from srkit_rrdb import rrdb
from srkit_rrdb.branch_attention import BranchChannelAttention, WindowSelfAttention


class TestChannel(GeneratorContract):
    expression = "rrdb(blocks=1, features=8, growth=4, attention=channel)"


class TestSelf(GeneratorContract):
    expression = "rrdb(blocks=1, features=8, growth=4, attention=self)"


def _parameters(**options):
    with torch.device("meta"):
        return sum(value.numel() for value in rrdb(scale=4, **options).parameters())


def test_parameter_counts_by_hand():
    # RCAN: 64-4 and 4-64 with biases. SAGAN: three times 64-8 and once 8-64 without, and gamma.
    assert _parameters(attention="channel") == 16_919_555 + 23 * (64 * 4 + 4 + 4 * 64 + 64)
    assert _parameters(attention="self") == 16_919_555 + 23 * (4 * 64 * 8 + 1)


def test_names_are_added_to_the_published_ones():
    plain, channel, windowed = (
        set(rrdb(scale=4, blocks=1, attention=one).state_dict())
        for one in ("none", "channel", "self")
    )
    assert channel - plain == {
        f"body.0.attention.{layer}.{tensor}"
        for layer in ("squeeze", "expand")
        for tensor in ("weight", "bias")
    }
    layers = {f"body.0.attention.{layer}.weight" for layer in ("query", "key", "value", "out")}
    assert windowed - plain == layers | {"body.0.attention.gamma"}
    assert plain <= channel & windowed


def test_self_attention_starts_where_the_network_without_it_stands():
    torch.manual_seed(0)
    plain, windowed = (
        rrdb(scale=4, blocks=2, features=8, growth=4, attention=one).eval()
        for one in ("none", "self")
    )
    windowed.load_state_dict(plain.state_dict(), strict=False)
    lr = torch.rand(1, 3, 8, 16)
    assert torch.equal(plain(lr), windowed(lr))


def test_channels_are_weighed_by_their_means():
    torch.manual_seed(0)
    attention, x = BranchChannelAttention(32), torch.randn(2, 32, 3, 5)
    squeeze, expand = attention.squeeze.weight[..., 0, 0], attention.expand.weight[..., 0, 0]
    hidden = (x.flatten(2).mean(2) @ squeeze.T + attention.squeeze.bias).clamp_min(0)
    weights = 1 / (1 + (-(hidden @ expand.T + attention.expand.bias)).exp())
    assert torch.allclose(attention(x), x * weights[..., None, None], atol=1e-6)


@pytest.fixture
def windowed():
    torch.manual_seed(0)
    attention = WindowSelfAttention(16)
    torch.nn.init.constant_(attention.gamma, 0.7)
    return attention


def test_self_attention_is_sagan_s_in_each_window(windowed):
    """Equations 1 to 3 written out: row j of the softmax is what pixel j takes from each pixel of
    its window.
    """
    x = torch.randn(2, 16, 16, 24)
    query, key, value, out = (
        getattr(windowed, name).weight[..., 0, 0] for name in ("query", "key", "value", "out")
    )
    expected = torch.empty_like(x)
    for top in (0, 8):
        for left in (0, 8, 16):
            window = x[:, :, top : top + 8, left : left + 8].flatten(2)
            weights = ((query @ window).transpose(1, 2) @ (key @ window)).softmax(2)
            found = out @ ((value @ window) @ weights.transpose(1, 2))
            expected[:, :, top : top + 8, left : left + 8] = (window + 0.7 * found).unflatten(
                2, (8, 8)
            )
    assert torch.allclose(windowed(x), expected, atol=1e-5)
    assert torch.allclose(
        windowed(x.contiguous(memory_format=torch.channels_last)), expected, atol=1e-5
    )
