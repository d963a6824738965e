"""Is it ESRGAN's generator, and does the dense block without concatenations have the textbook gradient?"""

import pytest
import torch
from torch.nn import functional

from srkit_core.options import options_of
from srkit_core.testing.contracts import GeneratorContract
from srkit_rrdb import rrdb
from srkit_rrdb.dense import DenseBlock


class TestPixelShuffle(GeneratorContract):
    expression = "rrdb(blocks=1, features=8, growth=4)"


class TestNearest(GeneratorContract):
    expression = "rrdb(blocks=1, features=8, growth=4, upsampler=nearest)"


def _parameters(**options):
    with torch.device("meta"):
        return sum(value.numel() for value in rrdb(**options).parameters())


def test_the_published_parameter_counts():
    assert _parameters(scale=4) == 16_919_555
    assert _parameters(scale=4, upsampler="nearest") == 16_697_987


def test_parameter_counts_by_hand():
    # Without the second stage: a convolution 64-256 less, or one 64-64.
    assert _parameters(scale=2) == 16_919_555 - 147_712
    assert _parameters(scale=2, upsampler="nearest") == 16_697_987 - 36_928
    # Three dense blocks of 18,464 + 27,680 + 36,896 + 46,112 + 110,656 less.
    assert _parameters(scale=4, blocks=22) == 16_919_555 - 3 * 239_808


def test_the_state_dict_has_the_published_names():
    plain = ["conv_first", "conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"]
    dense = [f"body.{block}.rdb{one}.conv{number}" for block in range(2) for one in (1, 2, 3) for number in (1, 2, 3, 4, 5)]
    names = {f"{layer}.{tensor}" for layer in plain + dense for tensor in ("weight", "bias")}
    assert set(rrdb(scale=4, blocks=2).state_dict()) == names
    assert set(rrdb(scale=2, blocks=2).state_dict()) == names - {"conv_up2.weight", "conv_up2.bias"}


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(rrdb) if option.type_name == "int >= 1"]
    assert counts == ["blocks", "features", "growth"]


def test_dense_blocks_start_small():
    torch.manual_seed(0)
    conv = DenseBlock(64, 32).conv5
    assert conv.weight.std().item() == pytest.approx(0.1 * (2 / (192 * 9)) ** 0.5, rel=0.02)
    assert not conv.bias.any()


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
    ours, theirs = (torch.autograd.grad(run.square().sum(), inputs) for run in (block(x), _textbook(block, x)))
    assert all(torch.allclose(one, other, rtol=1e-4, atol=1e-4) for one, other in zip(ours, theirs, strict=True))


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
    (ours,), (theirs,) = (torch.autograd.grad(run.float().square().sum(), x) for run in (ours, theirs))
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
