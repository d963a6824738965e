"""Are gradients of convolutions torch's, in whichever layout they are computed?"""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import remove_parametrizations

from srkit_core.models import convolution
from srkit_core.models.convolution import ReorderedConv2d, reorder_weight_gradients

OLD, NEW = "AVX2", "AVX512"


@pytest.fixture
def units(monkeypatch):
    def found(name):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: name)

    found(OLD)
    monkeypatch.setattr(convolution, "_LEAST_PIXELS", 8 * 8)
    return found


def crops(channels, side=8):
    draw = torch.Generator().manual_seed(0)
    pixels = torch.rand(2, channels, side, side, generator=draw)
    return pixels.contiguous(memory_format=torch.channels_last).requires_grad_()


def gradients(layer, batch):
    made = layer(batch)
    wanted = [batch, *layer.parameters()]
    return made, torch.autograd.grad(made.square().sum(), wanted)


OPTIONS = (
    {"padding": 1},
    {"padding": 1, "bias": False},
    {"stride": 2, "padding": 1},
    {"padding": 2, "dilation": 2, "groups": 2},
    {"padding": (0, 1)},
)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_gradients_are_those_of_torch(options, units):
    torch.manual_seed(0)
    plain = nn.Conv2d(4, 6, 3, **options).to(memory_format=torch.channels_last)
    ours = reorder_weight_gradients(copy.deepcopy(plain))
    assert type(ours) is ReorderedConv2d
    (expected, theirs), (made, found) = (gradients(one, crops(4)) for one in (plain, ours))
    assert torch.equal(made, expected)
    for one, other in zip(found, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_gradients_of_both_orders_are_right():
    draw = torch.Generator().manual_seed(0)
    shapes = ((1, 2, 5, 4), (3, 2, 3, 3), (3,))
    given = [
        torch.randn(shape, generator=draw, dtype=torch.float64).requires_grad_() for shape in shapes
    ]

    def convolved(*tensors):
        return convolution._Convolution.apply(*tensors, (1, 1), (1, 1), (1, 1), 1)

    assert torch.autograd.gradcheck(convolved, given)
    assert torch.autograd.gradgradcheck(convolved, given)


def test_a_weight_that_is_made_of_others_has_the_same_gradient(units):
    torch.manual_seed(0)
    plain = spectral_norm(nn.Conv2d(3, 5, 3, padding=1)).eval()
    ours, other = reorder_weight_gradients(copy.deepcopy(plain)), spectral_norm(nn.Conv2d(3, 5, 1))
    assert isinstance(ours, ReorderedConv2d)
    assert not isinstance(other, ReorderedConv2d)
    for one, same in zip(gradients(ours, crops(3))[1], gradients(plain, crops(3))[1], strict=True):
        torch.testing.assert_close(one, same, rtol=1e-5, atol=1e-5)
    remove_parametrizations(ours, "weight")
    assert type(ours) is ReorderedConv2d


def test_what_is_small_half_or_only_looked_at_is_computed_by_torch(units, monkeypatch):
    monkeypatch.delattr(convolution, "_Convolution")
    layer = reorder_weight_gradients(nn.Conv2d(3, 5, 3, padding=1))
    layer(crops(3, side=7)).sum().backward()
    with torch.no_grad():
        layer(crops(3))
    with torch.autocast("cpu", torch.bfloat16):
        layer(crops(3)).float().sum().backward()
    with pytest.raises(NameError):
        layer(crops(3))


def test_other_layers_and_other_processors_stay_as_they_are(units):
    class Own(nn.Conv2d):
        pass

    layers = [Own(3, 5, 3), nn.Conv2d(3, 5, 3, padding_mode="reflect"), nn.Linear(3, 5)]
    reorder_weight_gradients(nn.Sequential(*layers))
    assert [type(one) for one in layers] == [Own, nn.Conv2d, nn.Linear]
    units(NEW)
    assert type(reorder_weight_gradients(nn.Conv2d(3, 5, 3))) is nn.Conv2d
