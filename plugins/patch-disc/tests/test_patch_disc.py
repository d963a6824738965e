"""Is it the PatchGAN of pix2pix, at several sizes that of pix2pixHD?"""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from srkit_core.options import options_of
from srkit_core.testing import DiscriminatorContract
from srkit_patch_disc import multi_scale, patch


class TestPatch(DiscriminatorContract):
    expression = "patch(features=4)"


class TestPatchInstance(DiscriminatorContract):
    expression = "patch(features=4, norm=instance)"


class TestPatchNone(DiscriminatorContract):
    expression = "patch(features=4, layers=2, norm=none)"


class TestPatchSpectral(DiscriminatorContract):
    expression = "patch(features=4, layers=5, norm=spectral)"


class TestMultiScale(DiscriminatorContract):
    expression = "multi-scale(of=patch(features=4, layers=1), n=2)"


class TestMultiScaleSpectral(DiscriminatorContract):
    expression = "multi-scale(of=patch(features=4, norm=spectral))"


class TestMultiScaleTwice(DiscriminatorContract):
    expression = "multi-scale(of=multi-scale(of=patch(features=4, layers=1), n=2), n=2)"


@pytest.mark.parametrize(
    ("norm", "count"),
    [
        # convolutions 16 * (3*64 + 64*128 + 128*256 + 256*512 + 512) = 2,763,776; biases 64 + 1 of
        # the first and the last
        ("instance", 2_763_841),
        ("batch", 2_763_841 + 2 * (128 + 256 + 512)),
        ("none", 2_763_841 + 128 + 256 + 512),
        ("spectral", 2_763_841 + 128 + 256 + 512),
    ],
)
def test_parameters_counted_by_hand(norm, count):
    with torch.device("meta"):
        assert sum(value.numel() for value in patch(norm=norm).parameters()) == count


@pytest.mark.parametrize(("layers", "side"), [(1, 16), (3, 70), (5, 286)])
def test_a_logit_sees_the_published_patch(layers, side):
    """Isola et al. 2017, appendix 6.1.2: discriminators of 16 x 16, 70 x 70 and 286 x 286."""
    torch.manual_seed(0)
    network = patch(features=1, layers=layers, norm="none").double()
    picture = torch.rand(1, 3, side + 100, side + 100, dtype=torch.float64, requires_grad=True)
    logits = network(picture)
    (seen,) = torch.autograd.grad(logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2], picture)
    rows, columns = seen[0].abs().sum(0).nonzero().unbind(1)
    assert [(where.max() - where.min() + 1).item() for where in (rows, columns)] == [side, side]


def test_a_picture_of_256_pixels_has_30_by_30_logits():
    """As the published code has for layers=3."""
    network = patch(features=1)
    assert network(torch.rand(1, 3, 256, 256)).shape == (1, 1, 30, 30)
    assert network(torch.rand(2, 3, 24, 71)).shape == (2, 1, 1, 6)


def test_the_smallest_size_is_the_smallest_that_has_a_logit():
    with pytest.raises(RuntimeError, match="Kernel size can't be greater than actual input size"):
        patch(features=1, norm="none")(torch.rand(1, 3, 23, 24))


def test_widths_double_up_to_eight_times_the_first():
    convolutions = [
        layer for layer in patch(features=2, layers=5).modules() if isinstance(layer, nn.Conv2d)
    ]
    assert [(conv.out_channels, conv.stride[0]) for conv in convolutions] == [
        (2, 2),
        (4, 2),
        (8, 2),
        (16, 2),
        (16, 2),
        (16, 1),
        (1, 1),
    ]


@pytest.mark.parametrize(
    ("norm", "kind"), [("batch", nn.BatchNorm2d), ("instance", nn.InstanceNorm2d)]
)
def test_all_but_the_first_and_the_last_have_statistics(norm, kind):
    network = patch(features=1, norm=norm)
    assert [any(isinstance(layer, kind) for layer in block) for block in network.features] == [
        False,
        True,
        True,
        True,
    ]
    assert isinstance(network.head, nn.Conv2d)


@pytest.mark.parametrize(("norm", "normalised"), [("spectral", True), ("batch", False)])
def test_spectral_normalisation_is_of_every_convolution(norm, normalised):
    convolutions = [
        layer for layer in patch(features=1, norm=norm).modules() if isinstance(layer, nn.Conv2d)
    ]
    assert [is_parametrized(conv, "weight") for conv in convolutions] == [normalised] * 5


def test_middle_gray_is_the_zero_of_the_paper_s_range():
    network = patch(features=1, norm="none")
    seen = []
    network.features[0][0].register_forward_hook(
        lambda layer, inputs, output: seen.append(inputs[0])
    )
    for gray in (0.0, 0.5, 1.0):
        network(torch.full((1, 3, 24, 24), gray))
    assert [batch.unique().tolist() for batch in seen] == [[-1], [0], [1]]


class _Mean(nn.Module):
    """Remembers what it saw and gives the mean of each picture."""

    def forward(self, image):
        self.seen = image
        return image.mean((1, 2, 3))


def test_each_discriminator_sees_half_the_size_of_the_one_before():
    picture = torch.arange(48, dtype=torch.float32).reshape(1, 3, 4, 4)
    network = multi_scale(of=_Mean, n=3)
    assert [logits.item() for logits in network(picture)] == [23.5] * 3
    _, half, quarter = (one.seen for one in network.discriminators)
    assert half[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert quarter.flatten().tolist() == [7.5, 23.5, 39.5]


def test_maps_of_a_nested_tuple_are_listed_one_by_one():
    network = multi_scale(of=lambda: multi_scale(of=lambda: patch(features=1, layers=1), n=2), n=2)
    assert [logits.shape[-1] for logits in network(torch.rand(1, 3, 48, 48))] == [22, 10, 10, 4]


def test_each_discriminator_has_weights_of_its_own():
    torch.manual_seed(0)
    network = multi_scale(of=lambda: patch(features=2, layers=1, norm="spectral"), n=3)
    count = sum(value.numel() for value in network.discriminators[0].parameters())
    assert sum(value.numel() for value in network.parameters()) == 3 * count
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    sum(logits.square().mean() for logits in network(torch.rand(2, 3, 32, 32))).backward()
    optimizer.step()
    firsts = [one.features[0][0].weight for one in network.discriminators]
    assert not any(
        torch.allclose(firsts[a], firsts[b], atol=1e-6) for a, b in ((0, 1), (0, 2), (1, 2))
    )


def _traits(contract):
    bound = contract().bound()
    spec = contract().spec()
    return bound.amount(spec.min_size), spec.lipschitz(bound.arguments)


@pytest.mark.parametrize(
    ("contract", "traits"),
    [
        (TestPatch, (24, False)),
        (TestPatchNone, (12, False)),
        (TestPatchSpectral, (96, True)),
        (TestMultiScale, (12, False)),
        (TestMultiScaleSpectral, (96, True)),
        (TestMultiScaleTwice, (24, False)),
    ],
)
def test_traits_follow_the_options(contract, traits):
    assert _traits(contract) == traits


@pytest.mark.parametrize(
    ("factory", "names"), [(patch, ["features", "layers"]), (multi_scale, ["n"])]
)
def test_sizes_are_at_least_one(factory, names):
    assert [
        option.name for option in options_of(factory) if option.type_name == "int >= 1"
    ] == names


def test_each_discriminator_of_several_has_initial_weights_of_its_own():
    network = multi_scale(of=lambda: multi_scale(of=lambda: patch(features=4), n=2), n=2)
    firsts = [
        value[0, 0, 0, 0].item()
        for name, value in network.named_parameters()
        if value.ndim == 4 and value.shape[1] == 3
    ]
    assert len(set(firsts)) == len(firsts) == 4
