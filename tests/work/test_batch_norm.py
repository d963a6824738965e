"""Are statistics in channels_last as exact as in the other layout, and everything else torch's?"""

import copy

import pytest
import torch
from torch import nn

from srkit_core.models.batch_norm import ColumnwiseBatchNorm2d, sum_by_columns

BRIGHT = 3.0
"""The mean of a channel, in its deviations, as convolutions of photographs have it."""


def batch(*shape, dtype=torch.float32):
    draw = torch.Generator().manual_seed(0)
    values = torch.randn(shape, generator=draw, dtype=torch.float64) + BRIGHT
    return values.to(dtype).contiguous(memory_format=torch.channels_last)


def pair(channels, **options):
    torch.manual_seed(0)
    plain = nn.BatchNorm2d(channels, **options).train()
    nn.init.uniform_(plain.weight, 0.5, 1.5)
    return plain, sum_by_columns(copy.deepcopy(plain))


def error(found, exact):
    return ((found.double() - exact).norm() / exact.norm()).item()


@pytest.mark.parametrize("shape", [(8, 64, 64, 64), (5, 24, 33, 47)])
def test_a_float32_batch_is_normalised_to_its_rounding(shape):
    plain, ours = pair(shape[1])
    x = batch(*shape)
    exact = copy.deepcopy(plain).double()(x.double())
    assert error(ours(x), exact) < 2e-7 < error(plain(x), exact)


def test_running_statistics_are_those_of_torch():
    plain, ours = pair(6)
    for number in range(3):
        x = batch(4, 6, 8, 10, dtype=torch.float64) * (number + 1)
        assert torch.allclose(ours.double()(x), plain.double()(x), rtol=0, atol=1e-14)
    for name, value in plain.state_dict().items():
        assert torch.allclose(ours.state_dict()[name], value, rtol=0, atol=1e-14), name


def test_gradients_of_both_orders_are_right():
    _, ours = pair(3)
    x = batch(2, 3, 4, 5, dtype=torch.float64).requires_grad_()
    weight, bias = (one.double().detach().requires_grad_() for one in ours.parameters())

    def normalised(x, weight, bias):
        parameters = {"weight": weight, "bias": bias}
        return torch.func.functional_call(ours.double(), parameters, (x,))

    assert torch.autograd.gradcheck(normalised, (x, weight, bias))
    assert torch.autograd.gradgradcheck(normalised, (x, weight, bias))


def test_other_batches_are_torch_s_bit_for_bit():
    plain, ours = pair(4)
    x = batch(3, 4, 6, 6)
    for one in (x.contiguous(), x.bfloat16()):
        assert torch.equal(ours(one), plain(one))
    assert torch.equal(ours.eval()(x), plain.eval()(x))
    with pytest.raises(ValueError, match="more than 1 value"):
        ours.train()(batch(1, 4, 1, 1))


def test_only_usual_ones_become_it():
    network = nn.Sequential(
        nn.BatchNorm2d(2),
        nn.BatchNorm2d(2, affine=False),
        nn.BatchNorm2d(2, track_running_stats=False),
        nn.BatchNorm2d(2, momentum=None),
        nn.InstanceNorm2d(2),
    )
    names = list(network.state_dict())
    changed = [isinstance(one, ColumnwiseBatchNorm2d) for one in sum_by_columns(network)]
    assert changed == [True, False, False, False, False]
    assert list(network.state_dict()) == names
