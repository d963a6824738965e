"""Is it SRGAN's discriminator with the pooled head?"""

import pytest
import torch
from torch import nn

from srkit_core.options import options_of
from srkit_core.testing.contracts import DiscriminatorContract
from srkit_vgg_disc import vgg


class TestBatchNorm(DiscriminatorContract):
    expression = "vgg(features=8)"


class TestNoNorm(DiscriminatorContract):
    expression = "vgg(features=8, norm=none)"


def _parameters(**options):
    with torch.device("meta"):
        return sum(value.numel() for value in vgg(**options).parameters())


def test_the_reported_parameter_counts():
    assert _parameters() == 5_215_553
    assert _parameters(norm="none") == 5_211_713


def test_channels_and_strides_are_the_paper_s():
    convolutions = [layer for layer in vgg(norm="none").modules() if isinstance(layer, nn.Conv2d)]
    assert [(conv.out_channels, conv.stride[0], conv.kernel_size[0]) for conv in convolutions] == [
        *((64, 1, 3), (64, 2, 3), (128, 1, 3), (128, 2, 3), (256, 1, 3), (256, 2, 3), (512, 1, 3), (512, 2, 3)),
        *((1024, 1, 1), (1, 1, 1)),
    ]


def test_batch_normalisation_follows_all_eight_convolutions_or_none():
    counts = [sum(isinstance(layer, nn.BatchNorm2d) for layer in vgg(features=2, norm=norm).modules()) for norm in ("batch", "none")]
    assert counts == [8, 0]


def test_pictures_of_any_shape_get_one_logit_each():
    network = vgg(features=2)
    assert [tuple(network(torch.rand(3, 3, *size)).shape) for size in ((17, 17), (96, 96), (30, 61))] == [(3, 1)] * 3


def test_middle_gray_is_the_zero_of_the_paper_s_range():
    network = vgg(features=4, norm="none")
    seen = []
    network.features[0][0].register_forward_hook(lambda layer, inputs, output: seen.append(inputs[0]))
    for gray in (0.0, 0.5, 1.0):
        network(torch.full((1, 3, 20, 20), gray))
    assert [batch.unique().tolist() for batch in seen] == [[-1], [0], [1]]


def test_the_smallest_size_is_the_smallest_that_trains_on_one_picture():
    network = vgg(features=2).train()
    assert network(torch.rand(1, 3, 17, 17)).shape == (1, 1)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network(torch.rand(1, 3, 16, 16))


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(vgg) if option.type_name == "int >= 1"]
    assert counts == ["features"]
