"""Is every convolution held to a spectral norm of 1, and is it S1's discriminator otherwise?"""

import pytest
import torch
from torch import nn

from srkit_core.options import options_of
from srkit_core.testing import DiscriminatorContract
from srkit_spectral_norm_disc import srkit_components, vgg_sn
from srkit_vgg_disc import vgg


class TestPooled(DiscriminatorContract):
    expression = "vgg-sn(features=8)"


class TestMap(DiscriminatorContract):
    expression = "vgg-sn(features=8, head=map)"


def _convolutions(network):
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]


@pytest.mark.parametrize("head", ["pooled", "map"])
def test_the_parameter_count_of_the_report(head):
    assert (
        sum(value.numel() for value in vgg_sn(head=head).parameters() if value.requires_grad)
        == 5_211_713
    )


def test_every_convolution_has_a_largest_singular_value_near_1():
    torch.manual_seed(0)
    network = vgg_sn(features=8).train()
    with torch.no_grad():
        for _ in range(20):
            network(torch.rand(1, 3, 32, 32))
        norms = [
            torch.linalg.matrix_norm(conv.weight.flatten(1), 2).item()
            for conv in _convolutions(network.eval())
        ]
    assert norms == pytest.approx([1] * 10, rel=0.05)


def test_scaling_a_raw_weight_changes_nothing():
    network = vgg_sn(features=4).eval()
    picture = torch.rand(1, 3, 16, 16)
    before = network(picture)
    with torch.no_grad():
        for conv in _convolutions(network):
            conv.parametrizations.weight.original.mul_(7)
    assert torch.allclose(network(picture), before, atol=1e-6)


def test_the_map_has_a_sixteenth_of_the_picture_s_sides():
    network = vgg_sn(features=2, head="map")
    assert [tuple(network(torch.rand(2, 3, *size)).shape) for size in ((64, 96), (33, 17))] == [
        (2, 1, 4, 6),
        (2, 1, 3, 2),
    ]


def test_the_pooled_head_gives_one_logit_a_picture():
    network = vgg_sn(features=2)
    assert [tuple(network(torch.rand(2, 3, *size)).shape) for size in ((64, 96), (1, 1))] == [
        (2, 1),
        (2, 1),
    ]


def test_it_is_vgg_with_spectral_normalisation():
    picture = torch.rand(2, 3, 40, 24)
    for head, pool in (("pooled", 1), ("map", None)):
        network, other = (
            vgg_sn(features=2, head=head).eval(),
            vgg(features=2, norm="spectral", pool=pool).eval(),
        )
        other.load_state_dict(network.state_dict())
        assert torch.equal(network(picture), other(picture))


def test_it_serves_losses_that_need_a_lipschitz_critic():
    (spec,) = srkit_components()
    assert spec.lipschitz({"features": 64, "head": "pooled"})


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(vgg_sn) if option.type_name == "int >= 1"]
    assert counts == ["features"]
