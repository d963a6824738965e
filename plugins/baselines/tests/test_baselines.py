"""Are the baselines laid out as they say?"""

import pytest
import torch
from torch import nn

from srkit_baselines import autoencoder, vanilla_discriminator, vanilla_generator
from srkit_core.options import options_of
from srkit_core.testing import DiscriminatorContract, GeneratorContract


class TestAutoencoder(GeneratorContract):
    expression = "autoencoder(widths=[8, 8, 8])"


class TestVanillaGenerator(GeneratorContract):
    expression = "vanilla-gan(features=8, blocks=1)"


class TestVanillaDiscriminator(DiscriminatorContract):
    expression = "vanilla-gan(features=8)"


class TestDeepVanillaDiscriminator(DiscriminatorContract):
    expression = "vanilla-gan(features=2, layers=6)"


class TestShallowVanillaDiscriminator(DiscriminatorContract):
    expression = "vanilla-gan(features=8, layers=2)"


def _parameters(network):
    return sum(value.numel() for value in network.parameters())


def _conv(inputs, outputs):
    return 9 * inputs * outputs + outputs


def _layers(network, kind):
    return [layer for layer in network.modules() if isinstance(layer, kind)]


def test_the_autoencoder_has_five_convolutions_on_either_side():
    network = autoencoder(widths=(3, 4, 5))
    convolutions = [
        [(conv.in_channels, conv.out_channels) for conv in _layers(half, nn.Conv2d)]
        for half in (network.encoder, network.decoder)
    ]
    assert convolutions == [
        [(3, 3), (3, 3), (3, 4), (4, 4), (4, 5)],
        [(5, 4), (4, 4), (4, 3), (3, 3)],
    ]
    assert (network.last.in_channels, network.last.out_channels) == (3, 3)
    assert [pool.kernel_size for pool in _layers(network, nn.MaxPool2d)] == [2, 2]
    assert [(one.scale_factor, one.mode) for one in _layers(network, nn.Upsample)] == [
        (4, "bicubic")
    ] * 2


def test_the_autoencoder_s_parameters_counted_by_hand():
    encoder = _conv(3, 64) + _conv(64, 64) + _conv(64, 128) + _conv(128, 128) + _conv(128, 256)
    decoder = _conv(256, 128) + _conv(128, 128) + _conv(128, 64) + _conv(64, 64) + _conv(64, 3)
    assert _parameters(autoencoder()) == encoder + decoder == 1_110_403


def test_160_pixels_go_through_40_to_640():
    network = autoencoder(widths=(2, 2, 2))
    lr = torch.rand(1, 3, 160, 160)
    assert network.encoder(lr).shape == (1, 2, 40, 40)
    assert network(lr).shape == (1, 3, 640, 640)


def test_imagenet_s_mean_colour_is_zero_inside():
    network = autoencoder(widths=(2, 2, 2))
    seen = []
    network.encoder[0].register_forward_hook(lambda layer, inputs, output: seen.append(inputs[0]))
    nn.init.zeros_(network.last.weight)
    nn.init.ones_(network.last.bias)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    sr = network(mean.view(1, 3, 1, 1).expand(1, 3, 8, 8))
    assert seen[0].abs().max().item() == pytest.approx(0, abs=1e-6)
    assert torch.allclose(sr, (mean + std).view(1, 3, 1, 1).expand_as(sr))


def test_the_vanilla_generator_s_parameters_counted_by_hand():
    """Convolutions, and one slope a PReLU."""
    body, last = _conv(3, 64) + 1 + 4 * (_conv(64, 64) + 1), _conv(64, 3)
    counts = [_parameters(vanilla_generator(scale=scale)) for scale in (2, 3, 4)]
    assert counts == [
        body + _conv(64, 256) + 1 + last,
        body + _conv(64, 576) + 1 + last,
        body + 2 * (_conv(64, 256) + 1) + last,
    ]
    assert counts == [298_953, 483_593, 446_666]


@pytest.mark.parametrize(("scale", "factors"), [(2, [2]), (3, [3]), (4, [2, 2])])
def test_each_scale_is_made_of_pixel_shuffles(scale, factors):
    network = vanilla_generator(scale=scale, features=2, blocks=3)
    assert [shuffle.upscale_factor for shuffle in _layers(network, nn.PixelShuffle)] == factors
    assert len(_layers(network.body, nn.Conv2d)) == 4


def test_the_tanh_keeps_sr_between_0_and_1_and_gray_in_the_middle():
    network = vanilla_generator(scale=2, features=2)
    nn.init.zeros_(network.last.weight)
    made = []
    for bias in (-50.0, 0.0, 0.5, 50.0):
        nn.init.constant_(network.last.bias, bias)
        made.append(network(torch.rand(1, 3, 4, 4)).unique().item())
    assert made == pytest.approx([0, 0.5, 0.7310586, 1])  # 0.5 (tanh(0.5) + 1) = sigmoid(1)


def test_both_players_see_pictures_around_zero():
    for network in (vanilla_generator(scale=2, features=2), vanilla_discriminator(features=2)):
        seen = []
        first = _layers(network, nn.Conv2d)[0]
        first.register_forward_hook(
            lambda layer, inputs, output, seen=seen: seen.append(inputs[0].unique().item())
        )
        for gray in (0.0, 0.5, 1.0):
            network(torch.full((1, 3, 20, 20), gray))
        assert seen == [-1, 0, 1]


def test_the_vanilla_discriminator_s_parameters_counted_by_hand():
    """The first convolution has a bias, the others batch normalisation in its place.

    Then a linear layer.
    """
    normalised = sum(
        9 * inputs * outputs + 2 * outputs
        for inputs, outputs in ((64, 128), (128, 256), (256, 512))
    )
    assert _parameters(vanilla_discriminator()) == _conv(3, 64) + normalised + 512 + 1 == 1_552_385


def test_the_vanilla_discriminator_s_widths_double_up_to_eight_times():
    network = vanilla_discriminator(features=2, layers=6)
    assert [(conv.out_channels, conv.stride[0]) for conv in _layers(network, nn.Conv2d)] == [
        (2 * width, 2) for width in (1, 2, 4, 8, 8, 8)
    ]
    assert [isinstance(block[1], nn.BatchNorm2d) for block in network.features] == [False] + [
        True
    ] * 5


@pytest.mark.parametrize("layers", [2, 4])
def test_the_smallest_size_is_the_smallest_that_trains_on_one_picture(layers):
    network = vanilla_discriminator(features=2, layers=layers).train()
    side = 2**layers + 1
    assert network(torch.rand(1, 3, side, side)).shape == (1, 1)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network(torch.rand(1, 3, side - 1, side - 1))


@pytest.mark.parametrize(
    ("network", "scale", "enough", "too_few"),
    [
        (autoencoder(widths=(4, 4, 4)), 4, 28, 24),  # 27, rounded up to where a pooling starts
        *(
            (vanilla_generator(scale=scale, features=4, blocks=2), scale, 5, 4)
            for scale in (2, 3, 4)
        ),
    ],
)
def test_a_crop_with_its_receptive_field_around_it_is_upscaled_like_the_whole(
    network, scale, enough, too_few
):
    torch.manual_seed(0)
    lr = torch.rand(1, 3, 80, 80, dtype=torch.float64)
    network.double().eval()
    for value in network.parameters():
        nn.init.uniform_(value, 0, 0.1)  # positive weights let distant pixels through
    whole = network(lr)[..., 36 * scale : 44 * scale, 36 * scale : 44 * scale]
    seen = []
    for margin in (enough, too_few):
        sr = network(lr[..., 36 - margin : 44 + margin, 36 - margin : 44 + margin])
        inside = slice(margin * scale, (margin + 8) * scale)
        seen.append(torch.allclose(sr[..., inside, inside], whole, atol=1e-12, rtol=0))
    assert seen == [True, False]


def test_receptive_fields_are_declared():
    declared = [
        contract().bound().amount(contract().spec().receptive)
        for contract in (TestAutoencoder, TestVanillaGenerator)
    ]
    assert declared == [27, 4]


def test_sizes_are_at_least_one():
    counted = [
        option.name
        for factory in (vanilla_generator, vanilla_discriminator)
        for option in options_of(factory)
    ]
    bounds = [
        option.type_name
        for factory in (autoencoder, vanilla_generator, vanilla_discriminator)
        for option in options_of(factory)
    ]
    assert counted == ["features", "blocks", "features", "layers"]
    assert bounds == ["[int >= 1, int >= 1, int >= 1]", *["int >= 1"] * 3, "int >= 2"]
