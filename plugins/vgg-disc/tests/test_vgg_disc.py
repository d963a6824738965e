"""Is it SRGAN's discriminator, with the heads and normalisations of its re-implementations?"""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from srkit_core.options import options_of
from srkit_core.testing import DiscriminatorContract
from srkit_vgg_disc import srkit_components, vgg


class TestBatchNorm(DiscriminatorContract):
    expression = "vgg(features=8)"


class TestNoNorm(DiscriminatorContract):
    expression = "vgg(features=8, norm=none)"


class TestSpectralNorm(DiscriminatorContract):
    expression = "vgg(features=8, norm=spectral)"


class TestPaper(DiscriminatorContract):
    expression = "vgg(features=4, first_norm=false, pool=6)"


class TestMap(DiscriminatorContract):
    expression = "vgg(features=8, pool=none)"


def _parameters(**options):
    return sum(value.numel() for value in vgg(**options).parameters())


@pytest.mark.parametrize(
    ("count", "options"),
    [
        (
            5_215_553,
            {},
        ),  # S4, S5: convolutions 4,685,376, normalisation 2 * 1,920, head 525,312 + 1,025
        (5_211_713, {"norm": "none"}),  # S7
        (5_211_713, {"norm": "spectral"}),  # S1
        (5_215_425, {"first_norm": False}),  # 2 * 64 fewer
        (23_565_633, {"pool": 6}),  # S8: 18,432 * 1,024 + 1,024 + 1,025 in the head
        (23_565_505, {"pool": 6, "first_norm": False}),  # SRGAN's figure 4
        (5_215_553, {"pool": None}),
    ],
)
def test_the_reported_parameter_counts(count, options):
    with torch.device("meta"):
        assert _parameters(**options) == count


def test_channels_and_strides_are_the_paper_s():
    convolutions = [layer for layer in vgg(norm="none").modules() if isinstance(layer, nn.Conv2d)]
    assert [(conv.out_channels, conv.stride[0], conv.kernel_size[0]) for conv in convolutions] == [
        *(
            (64, 1, 3),
            (64, 2, 3),
            (128, 1, 3),
            (128, 2, 3),
            (256, 1, 3),
            (256, 2, 3),
            (512, 1, 3),
            (512, 2, 3),
        ),
        *((1024, 1, 1), (1, 1, 1)),
    ]


@pytest.mark.parametrize(
    ("norm", "first_norm", "batch", "spectral"),
    [
        ("batch", True, [True] * 8, [False] * 10),
        ("batch", False, [False] + [True] * 7, [False] * 10),
        ("none", True, [False] * 8, [False] * 10),
        ("spectral", True, [False] * 8, [True] * 10),
        ("spectral", False, [False] * 8, [False] + [True] * 9),
    ],
)
def test_each_layer_is_normalised_as_the_options_say(norm, first_norm, batch, spectral):
    network = vgg(features=2, norm=norm, first_norm=first_norm)
    assert [isinstance(block[1], nn.BatchNorm2d) for block in network.features] == batch
    assert [
        is_parametrized(layer, "weight")
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d)
    ] == spectral


def test_it_is_lipschitz_where_every_layer_is_normalised():
    spec = srkit_components()[0]
    assert spec.lipschitz({"norm": "spectral", "first_norm": True})
    assert not spec.lipschitz({"norm": "spectral", "first_norm": False})
    assert not spec.lipschitz({"norm": "batch", "first_norm": True})


def test_pictures_of_any_shape_get_one_logit_each():
    for pool in (1, 6):
        network = vgg(features=2, pool=pool)
        assert [
            tuple(network(torch.rand(3, 3, *size)).shape) for size in ((17, 17), (96, 96), (30, 61))
        ] == [(3, 1)] * 3


def test_without_pooling_there_is_a_logit_for_every_16_pixels():
    network = vgg(features=2, pool=None)
    assert [tuple(network(torch.rand(2, 3, *size)).shape) for size in ((64, 96), (33, 17))] == [
        (2, 1, 4, 6),
        (2, 1, 3, 2),
    ]


def test_a_pool_of_the_map_s_size_is_dense_layers_on_the_flattened_map():
    torch.manual_seed(0)
    network = vgg(features=2, pool=8).eval()
    picture = torch.rand(2, 3, 128, 120)
    flat = network.features(picture * 2 - 1).flatten(1)
    first, _, last = network.head
    hidden = nn.functional.leaky_relu(
        nn.functional.linear(flat, first.weight.flatten(1), first.bias), 0.2
    )
    assert flat.shape == (2, 16 * 8 * 8)
    assert torch.allclose(
        network(picture), nn.functional.linear(hidden, last.weight.flatten(1), last.bias), atol=1e-6
    )


def test_middle_gray_is_the_zero_of_the_paper_s_range():
    network = vgg(features=4, norm="none")
    seen = []
    network.features[0][0].register_forward_hook(
        lambda layer, inputs, output: seen.append(inputs[0])
    )
    for gray in (0.0, 0.5, 1.0):
        network(torch.full((1, 3, 20, 20), gray))
    assert [batch.unique().tolist() for batch in seen] == [[-1], [0], [1]]


def test_the_smallest_size_is_the_smallest_that_trains_on_one_picture():
    network = vgg(features=2).train()
    assert network(torch.rand(1, 3, 17, 17)).shape == (1, 1)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network(torch.rand(1, 3, 16, 16))


@pytest.mark.parametrize(("norm", "side"), [("batch", 17), ("none", 9), ("spectral", 9)])
def test_the_smallest_size_depends_on_the_normalisation(norm, side):
    spec = srkit_components()[0]
    assert spec.min_size({"norm": norm}) == side


@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_the_smallest_size_trains_in_bfloat16(norm):
    """On 8 x 8 pixels, torch 2.15 leaves gradients of the last convolution unset now and then."""
    torch.manual_seed(0)
    network = vgg(features=4, norm=norm)
    for _ in range(20):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(torch.rand(2, 3, 9, 9))
        logits.mean().backward()
        assert all(value.grad.isfinite().all() for value in network.parameters())


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(vgg) if option.type_name.startswith("int >= 1")]
    assert counts == ["features", "pool"]
