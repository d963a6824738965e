"""Has every network of the shipped recipes the numbers that its report and its recipe's header
print?

Networks have their full size, without values (torch's device meta).
"""

import re
from functools import cache
from itertools import pairwise, takewhile

import pytest
import torch
from torch import nn

from srkit_core.errors import IncompatibleError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build, count_parameters
from srkit_core.named_recipes import find_recipe, read_recipe
from srkit_core.options import context_of
from srkit_core.plan import bind_generator, plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_rrdb.dense_block import RESIDUAL_SCALE

FIGURES = {
    "photoreal": (16_919_555, 5_211_713),
    "autoencoder": (1_110_403, None),
    "vanilla-gan": (446_666, 1_552_385),
    "srgan-6": (808_332, 5_215_553),
    "esrgan": (16_697_987, 5_215_553),
    "paired-gan": (16_919_555, 38_245_697),
    "srgan-tv": (956_558, 5_211_713),
    "srgan-faces": (1_549_462, 23_565_633),
    "srgan-natural": (1_549_462, 23_565_633),
    "realesrnet": (16_697_987, None),
    "realesrgan": (16_697_987, 4_376_897),
    "bsrgan": (16_697_987, 4_376_897),
    "srresnet": (1_549_462, None),
    "msrresnet": (1_517_571, None),
    "edsr": (43_089_923, None),
    "rcan": (15_592_355, None),
}
"""Parameters of generator and discriminator; of the first two baselines, whose widths are not
reported, and of paired-gan's discriminator, as counted by hand in the tests of the networks.
"""
EIGHT = [(3, 64, 1), (64, 64, 2), (64, 128, 1), (128, 128, 2)]
EIGHT += [(128, 256, 1), (256, 256, 2), (256, 512, 1), (512, 512, 2)]
"""Channels and strides of the discriminators' eight convolutions."""


@cache
def planned(name):
    return plan(read_recipe(name), discover())


@cache
def networks(name):
    """The generator and the discriminator of a recipe, full-size, without values."""
    bound = (planned(name).generator, planned(name).discriminator)
    with torch.device("meta"):
        return tuple(one and build(one) for one in bound)


def convolutions(network):
    return [one for one in network.modules() if isinstance(one, nn.Conv2d)]


def header(name):
    """The comment that a recipe begins with."""
    lines = find_recipe(name).path.read_text(encoding="utf-8").splitlines()
    return "\n".join(takewhile(lambda line: line.startswith("#"), lines))


@pytest.mark.parametrize("name", FIGURES)
def test_the_networks_have_the_reported_numbers_of_parameters(name):
    assert tuple(one and count_parameters(one) for one in networks(name)) == FIGURES[name]


@pytest.mark.parametrize("name", FIGURES)
def test_every_count_of_the_header_is_of_something_that_is_built(name):
    counts = {count_parameters(part) for one in networks(name) if one for part in one.modules()}
    told = re.search(r"^# Built: .*?\.$", header(name), flags=re.MULTILINE | re.DOTALL)[0]
    figures = {int(one.replace(",", "")) for one in re.findall(r"\d{1,3}(?:,\d{3})+", told)}
    assert figures - counts <= ELSEWHERE.get(name, set())
    assert set(FIGURES[name]) - {None} <= figures or name in ("autoencoder", "vanilla-gan")


ELSEWHERE = {
    "photoreal": {295_424},
    "esrgan": {5_211_713},
    "edsr": {1_517_571, 40_729_603, 1_369_859},
}
"""Counts of two layers together, and of other options than the recipe's."""


def test_the_counts_of_other_options_that_headers_print():
    others = {
        ("edsr", "edsr", 4): 1_517_571,
        ("edsr", "edsr(blocks=32, features=256, res_scale=0.1)", 2): 40_729_603,
        ("edsr ", "edsr", 2): 1_369_859,
        ("msrresnet", "srresnet(slopes=channel, bn_eps=1e-3)", 4): 1_550_659,
        ("esrgan", "rrdb(upsampler=nearest)", 2): 16_703_171,
    }
    for (_, expression, scale), count in others.items():
        bound = bind_generator(discover(), parse_call(expression), scale)
        assert context_of(bound.component.spec.factory) == ("scale",)
        with torch.device("meta"):
            assert count_parameters(build(bound)) == count, expression


def test_the_layers_of_rrdb_sum_up_as_the_first_report_prints_them():
    network, _ = networks("photoreal")
    block = network.body[0].rdb1
    in_block = [count_parameters(one) for one in block.children()]
    assert in_block == [18_464, 27_680, 36_896, 46_112, 110_656]
    assert count_parameters(block) == sum(in_block) == 239_808
    assert count_parameters(network.body[0]) == 719_424
    assert len(network.body) == 23
    named = {name: count_parameters(one) for name, one in network.named_children()}
    assert named["conv_first"] == 1_792
    assert named["body"] == 16_546_752
    assert named["conv_body"] == named["conv_hr"] == 36_928
    assert named["conv_up1"] + named["conv_up2"] == 295_424
    assert named["conv_last"] == 1_731
    assert sum(named.values()) == 16_919_555
    assert (network.conv_up1.in_channels, network.conv_up1.out_channels) == (64, 256)


@pytest.mark.parametrize(
    ("name", "batch", "spectral", "dense"),
    [
        ("photoreal", 0, 10, (512, 1)),
        ("srgan-6", 8, 0, (512, 1)),
        ("esrgan", 8, 0, (512, 1)),
        ("paired-gan", 8, 0, (512, 8)),
        ("srgan-tv", 0, 0, (512, 1)),
        ("srgan-faces", 8, 0, (512, 6)),
        ("srgan-natural", 8, 0, (512, 6)),
    ],
)
def test_the_discriminators_are_eight_convolutions_and_two_layers(name, batch, spectral, dense):
    _, network = networks(name)
    *eight, hidden, last = convolutions(network)
    assert [(one.in_channels, one.out_channels, *set(one.stride)) for one in eight] == EIGHT
    assert all(one.kernel_size == (3, 3) and one.bias is not None for one in eight)
    assert (hidden.in_channels, hidden.out_channels, hidden.kernel_size[0]) == (
        dense[0],
        1024,
        dense[1],
    )
    assert (last.in_channels, last.out_channels, last.kernel_size) == (1024, 1, (1, 1))
    kinds = [type(one) for one in network.modules()]
    assert kinds.count(nn.BatchNorm2d) == batch
    assert sum(nn.utils.parametrize.is_parametrized(one) for one in network.modules()) == spectral
    slopes = {one.negative_slope for one in network.modules() if isinstance(one, nn.LeakyReLU)}
    assert slopes == {0.2}
    assert kinds.count(nn.LeakyReLU) == 9
    assert network.pool.output_size == dense[1]
    assert network(torch.zeros(2, 3, 16 * dense[1], 16 * dense[1], device="meta")).shape == (2, 1)


def test_faces_have_18432_values_before_the_dense_layers():
    assert networks("srgan-faces")[1].head[0].weight[0].numel() == 18_432


def test_a_crop_of_128_is_flattened_without_pooling():
    network, side = networks("paired-gan")[1], planned("paired-gan").recipe.stages[0].patch
    assert network.features(torch.zeros(2, 3, side, side, device="meta")).shape[2:] == (8, 8)


@pytest.mark.parametrize(
    ("name", "blocks", "bounded", "early"),
    [
        ("srgan-6", 6, False, True),
        ("srgan-tv", 8, True, False),
        ("srgan-faces", 16, True, False),
        ("srgan-natural", 16, True, False),
        ("srresnet", 16, True, False),
    ],
)
def test_the_srresnets_have_the_reported_blocks_tanh_and_skip(name, blocks, bounded, early):
    network, _ = networks(name)
    assert len(network.body) == blocks
    assert (network._bounded, network._early_skip) == (bounded, early)
    assert (network.conv_in.kernel_size, network.conv_out.kernel_size) == ((9, 9), (9, 9))
    first = [type(one).__name__ for one in network.body[0].children()]
    assert first == ["Conv2d", "BatchNorm2d", "PReLU", "Conv2d", "BatchNorm2d"]
    assert (network.up1.in_channels, network.up1.out_channels) == (64, 256)
    sides = network(torch.zeros(1, 3, 24, 24, device="meta")).shape
    assert sides == (1, 3, 96, 96)


def test_srgan_of_six_blocks_comes_for_x2_too():
    bound = bind_generator(discover(), read_recipe("srgan-6").generator, 2)
    with torch.device("meta"):
        assert build(bound)(torch.zeros(1, 3, 24, 24, device="meta")).shape == (1, 3, 48, 48)


def test_the_autoencoder_goes_from_160_through_40_to_640():
    network, _ = networks("autoencoder")
    encoder, decoder = list(network.encoder), [*network.decoder, network.last]
    for part in (encoder, decoder):
        assert sum(isinstance(one, nn.Conv2d) for one in part) == 5
    assert sum(isinstance(one, nn.MaxPool2d) for one in encoder) == 2
    enlarged = [one for one in decoder if isinstance(one, nn.Upsample)]
    assert [(one.scale_factor, one.mode) for one in enlarged] == [(4, "bicubic")] * 2
    lr = torch.zeros(1, 3, 160, 160, device="meta")
    assert network.encoder(lr).shape[2:] == (40, 40)
    assert network(lr).shape == (1, 3, 640, 640)
    assert (
        planned("autoencoder").generator.amount(
            planned("autoencoder").generator.component.spec.size_multiple
        )
        == 4
    )


def test_the_vanilla_players_are_of_the_reported_layers():
    generator, discriminator = networks("vanilla-gan")
    kinds = {type(one) for one in generator.modules()}
    assert {nn.Conv2d, nn.PReLU, nn.PixelShuffle} <= kinds
    assert nn.BatchNorm2d not in kinds
    kinds = {type(one) for one in discriminator.modules()}
    assert {nn.LeakyReLU, nn.BatchNorm2d, nn.AdaptiveAvgPool2d} <= kinds


@pytest.mark.parametrize("name", ["esrgan", "realesrgan", "realesrnet", "bsrgan"])
def test_rrdb_is_as_in_the_published_weights(name):
    network, _ = networks(name)
    assert len(network.body) == 23
    assert (network.conv_up1.in_channels, network.conv_up1.out_channels) == (64, 64)
    assert not network._shuffles
    assert RESIDUAL_SCALE == 0.2


def test_published_networks_have_their_published_sizes():
    edsr, rcan = networks("edsr")[0], networks("rcan")[0]
    assert max(one.out_channels for one in convolutions(edsr)) == 1024
    assert len(edsr.body) == 32
    assert len(rcan.body) == 10
    assert len(networks("msrresnet")[0].body) == 16
    unet = [(one.in_channels, one.out_channels) for one in convolutions(networks("realesrgan")[1])]
    assert [*pairwise((3, 64, 128, 256, 512))] == unet[:4]


@pytest.mark.parametrize(
    ("critic", "fits"),
    [
        ("vgg-sn", True),
        ("vgg(norm=spectral)", True),
        ("multi-scale(of=vgg-sn)", True),
        ("vgg", False),
        ("unet-sn", False),
        ("patch", False),
    ],
)
def test_the_wasserstein_loss_needs_a_spectrally_normalised_discriminator(critic, fits):
    stages = [{"loss": "l1 + wgan", "batch": 2, "patch": 64, "steps": 1}]
    recipe = recipe_from_dict({"generator": "srvgg", "discriminator": critic, "stages": stages})
    if fits:
        plan(recipe, discover())
        return
    with pytest.raises(
        IncompatibleError, match="the loss 'wgan' needs a spectrally normalised discriminator"
    ):
        plan(recipe, discover())


@pytest.mark.parametrize(
    "changes",
    [
        {"generator": "rrdb(attention=self)"},
        {"discriminator": "multi-scale(of=vgg-sn, n=2)"},
        {"loss": "l1 + lpips + ragan", "augment": "salient | flip | turn"},
    ],
)
def test_what_the_reports_wish_for_fits_their_recipe(changes):
    document = read_recipe("srgan-natural").to_dict()
    document["stages"][1] |= {
        key: one for key, one in changes.items() if key in ("loss", "augment")
    }
    document |= {key: one for key, one in changes.items() if key not in ("loss", "augment")}
    plan(recipe_from_dict(document), discover())
