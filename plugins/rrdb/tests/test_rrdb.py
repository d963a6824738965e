"""Is it ESRGAN's generator, and does the dense block without concatenations have the textbook
gradient?
"""

import pytest
import torch
from torch.nn import functional

from srkit_core.options import options_of
from srkit_core.testing import GeneratorContract
from srkit_rrdb import rrdb, srkit_components
from srkit_rrdb.dense_block import DenseBlock
from srkit_rrdb.model import _doubled


class TestPixelShuffle(GeneratorContract):
    expression = "rrdb(blocks=1, features=8, growth=4)"


class TestNearest(GeneratorContract):
    expression = "rrdb(blocks=1, features=8, growth=4, upsampler=nearest)"


class TestFolded(GeneratorContract):
    expression = "rrdb(blocks=1, features=8, growth=4)"
    scale = 1


def _parameters(**options):
    with torch.device("meta"):
        return sum(value.numel() for value in rrdb(**options).parameters())


def test_the_published_parameter_counts():
    assert _parameters(scale=4) == 16_919_555
    assert _parameters(scale=4, upsampler="nearest") == 16_697_987


def test_parameter_counts_by_hand():
    # Three dense blocks of 18,464 + 27,680 + 36,896 + 46,112 + 110,656 less.
    assert _parameters(scale=4, blocks=22) == 16_919_555 - 3 * 239_808
    # Folded by 2 and by 4, LR has 12 and 48 channels: so many 3x3 filters more in the first
    # convolution.
    assert _parameters(scale=2) == 16_919_555 + 9 * 9 * 64
    assert _parameters(scale=1) == 16_919_555 + 45 * 9 * 64
    assert _parameters(scale=2, upsampler="nearest") == 16_703_171 == 16_697_987 + 9 * 9 * 64
    assert _parameters(scale=1, upsampler="nearest") == 16_723_907 == 16_697_987 + 45 * 9 * 64


@pytest.mark.parametrize(("scale", "channels"), [(1, 48), (2, 12), (4, 3)])
def test_the_state_dict_is_the_published_one(scale, channels):
    plain = ["conv_first", "conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"]
    dense = [
        f"body.{block}.rdb{one}.conv{number}"
        for block in range(2)
        for one in (1, 2, 3)
        for number in (1, 2, 3, 4, 5)
    ]
    state = rrdb(scale=scale, blocks=2).state_dict()
    assert set(state) == {
        f"{layer}.{tensor}" for layer in plain + dense for tensor in ("weight", "bias")
    }
    assert tuple(state["conv_first.weight"].shape) == (64, channels, 3, 3)


def test_lr_is_folded_to_a_quarter_of_sr():
    """The 2x2 pixels under a place of the grid are channels in row order, colour by colour."""
    torch.manual_seed(0)
    network, lr = rrdb(scale=2, blocks=1, features=8, growth=4).eval(), torch.rand(1, 3, 6, 10)
    seen = []
    network.conv_first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    assert network(lr).shape == (1, 3, 12, 20)
    (folded,) = seen
    assert folded.shape == (1, 12, 3, 5)
    assert torch.equal(folded[0, :4, 1, 2], lr[0, 0, 2:4, 4:6].flatten())
    assert torch.equal(folded[0, 8:, 1, 2], lr[0, 2, 2:4, 4:6].flatten())


@pytest.mark.parametrize(("scale", "plain", "windowed"), [(1, 4, 32), (2, 2, 16), (4, 1, 8)])
def test_lr_sides_are_multiples_of_the_fold_and_of_windows(scale, plain, windowed):
    spec, *_ = srkit_components()
    multiples = [
        spec.size_multiple({"scale": scale, "attention": attention})
        for attention in ("none", "channel", "self")
    ]
    assert multiples == [plain, plain, windowed]


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(rrdb) if option.type_name == "int >= 1"]
    assert counts == ["blocks", "features", "growth"]


def test_dense_blocks_start_small():
    torch.manual_seed(0)
    conv = DenseBlock(64, 32).conv5
    assert conv.weight.std().item() == pytest.approx(0.1 * (2 / (192 * 9)) ** 0.5, rel=0.02)
    assert not conv.bias.any()


def test_doubled_features_are_the_same_in_half_precision():
    """Nothing is lost by staying in it: values are copied, and a gradient is rounded once."""
    x = torch.randn(2, 8, 5, 6).bfloat16().contiguous(memory_format=torch.channels_last)
    full = x.float().requires_grad_()
    half, grad = x.requires_grad_(), torch.randn(2, 8, 10, 12).bfloat16()
    assert torch.equal(_doubled(half).float(), _doubled(full))
    assert _doubled(half).is_contiguous(memory_format=torch.channels_last)
    _doubled(half).backward(grad)
    functional.interpolate(full, scale_factor=2.0, mode="nearest").backward(grad.float())
    assert torch.equal(half.grad, full.grad.bfloat16())


def _textbook(block, x):
    """The dense block as the paper draws it, with a concatenation before each convolution."""
    grown = x
    for conv in (block.conv1, block.conv2, block.conv3, block.conv4):
        grown = torch.cat([grown, functional.leaky_relu(conv(grown), 0.2)], 1)
    return x + 0.2 * block.conv5(grown)


@pytest.fixture
def block():
    torch.manual_seed(0)
    built = DenseBlock(6, 4)
    with torch.no_grad():
        for value in built.parameters():
            value.copy_(0.2 * torch.randn(value.shape))
    return built


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_dense_block_is_the_textbook_s(block, layout):
    x = torch.randn(2, 6, 7, 9).contiguous(memory_format=layout)
    with torch.no_grad():
        assert torch.allclose(block(x), _textbook(block, x), atol=1e-6)
    inputs = [x.requires_grad_(), *block.parameters()]
    ours, theirs = (
        torch.autograd.grad(run.square().sum(), inputs) for run in (block(x), _textbook(block, x))
    )
    assert all(
        torch.allclose(one, other, rtol=1e-4, atol=1e-4)
        for one, other in zip(ours, theirs, strict=True)
    )


def test_the_gradient_is_that_of_finite_differences(block):
    double = block.double()
    x = torch.randn(1, 6, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, *_: double(x), (x, *double.parameters()))


def test_mixed_precision_follows_the_textbook(block):
    x = torch.randn(2, 6, 7, 9, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        ours, theirs = block(x), _textbook(block, x)
    assert ours.dtype == theirs.dtype
    assert torch.allclose(ours, theirs, atol=0.05)
    (ours,), (theirs,) = (
        torch.autograd.grad(run.float().square().sum(), x) for run in (ours, theirs)
    )
    assert ours.dtype == torch.float32
    assert torch.allclose(ours, theirs, rtol=0.05, atol=0.05 * theirs.abs().max())


def test_one_buffer_a_block_is_kept_for_the_backward_pass():
    sizes = {}

    def keep(tensor):
        sizes[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    x = torch.randn(1, 64, 32, 32, requires_grad=True)
    block = DenseBlock(64, 32)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        block(x)
    weights = sum(value.numel() for value in block.parameters())
    assert sum(sizes.values()) <= 4 * (192 * 32 * 32 + weights)
