"""Is it SRGAN's generator?"""

import json
import os
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from srkit_core.errors import OptionError
from srkit_core.evaluation.protocol import Protocol
from srkit_core.io.images import read_image, to_unit
from srkit_core.options import options_of
from srkit_core.testing import GeneratorContract
from srkit_srresnet import srresnet


class TestTanh(GeneratorContract):
    expression = "srresnet(blocks=1, features=8)"


class TestLinear(GeneratorContract):
    expression = "srresnet(blocks=1, features=8, head=linear, norm=none, slopes=channel)"


class TestEarlySkip(GeneratorContract):
    expression = "srresnet(blocks=1, features=8, skip=before, bn_eps=0.001)"


@pytest.fixture(scope="module")
def assets():
    folder = Path(
        os.environ.get("SRKIT_ASSETS", Path(__file__).resolve().parents[4] / "shared" / "assets")
    )
    if not (folder / "weights" / "srresnet_x4_pretrained.pth").is_file():
        pytest.skip("the shared assets are not on this machine (set SRKIT_ASSETS)")
    return folder


def _parameters(**options):
    with torch.device("meta"):
        return sum(value.numel() for value in srresnet(**options).parameters())


@pytest.mark.parametrize(("blocks", "count"), [(6, 808_332), (8, 956_558), (16, 1_549_462)])
def test_the_reported_parameter_counts(blocks, count):
    assert _parameters(scale=4, blocks=blocks) == count


def test_parameter_counts_of_other_scales_by_hand():
    # A stage of factor 2 is a convolution 64-256 and a slope; the one of factor 3 a convolution
    # 64-576 and a slope.
    assert _parameters(scale=2) == 1_549_462 - (64 * 9 * 256 + 256 + 1)
    assert _parameters(scale=3) == 1_549_462 - 2 * (64 * 9 * 256 + 256 + 1) + (
        64 * 9 * 576 + 576 + 1
    )


def test_parameter_counts_of_options_by_hand():
    # 19 PReLUs of 64 slopes instead of one; 33 normalisations of 64 factors and 64 offsets.
    assert _parameters(scale=4, slopes="channel") == 1_550_659 == 1_549_462 + 19 * 63
    assert _parameters(scale=4, norm="none") == 1_549_462 - 33 * 128
    assert _parameters(scale=4, skip="before", head="linear") == 1_549_462


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(srresnet) if option.type_name == "int >= 1"]
    assert counts == ["blocks", "features"]


def test_the_tanh_head_fills_0_to_1_and_the_linear_one_knows_no_bounds():
    torch.manual_seed(0)
    bounded, free = (
        srresnet(scale=2, blocks=1, features=8).eval(),
        srresnet(scale=2, blocks=1, features=8, head="linear").eval(),
    )
    bounded.conv_out.weight.data *= 100
    free.load_state_dict(bounded.state_dict())
    lr = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert (bounded(lr).amin().item(), bounded(lr).amax().item()) == (
            pytest.approx(0, abs=1e-3),
            pytest.approx(1, abs=1e-3),
        )
        assert torch.allclose(bounded(lr), (free(lr).tanh() + 1) / 2)
        assert free(lr).amin() < -1
        assert free(lr).amax() > 1


@pytest.mark.parametrize("skip", ["after", "before"])
def test_where_the_global_skip_joins(skip):
    """A fusion normalisation that gives zero leaves the skip that joins after it, and nothing of
    the one before.
    """
    torch.manual_seed(0)
    network = srresnet(scale=2, blocks=2, features=8, head="linear", skip=skip).eval()
    torch.nn.init.zeros_(network.bn_mid.weight)
    lr = torch.rand(1, 3, 5, 7)
    shallow = network.act_in(network.conv_in(lr))
    fused = shallow if skip == "after" else torch.zeros_like(shallow)
    expected = network.conv_out(network.upact1(functional.pixel_shuffle(network.up1(fused), 2)))
    assert torch.allclose(network(lr), expected)


def test_an_early_skip_goes_through_the_fusion():
    torch.manual_seed(0)
    network = srresnet(scale=2, blocks=1, features=8, head="linear", skip="before").eval()
    lr = torch.rand(1, 3, 5, 7)
    shallow = network.act_in(network.conv_in(lr))
    fused = network.bn_mid(network.conv_mid(shallow + network.body(shallow)))
    expected = network.conv_out(network.upact1(functional.pixel_shuffle(network.up1(fused), 2)))
    assert torch.allclose(network(lr), expected)


def test_bn_eps_is_that_of_every_normalisation():
    epsilons = [
        one.eps
        for one in srresnet(scale=2, blocks=2, features=8, bn_eps=1e-3).modules()
        if isinstance(one, torch.nn.BatchNorm2d)
    ]
    assert epsilons == [1e-3] * 5


def test_bn_eps_without_normalisation_is_refused():
    with pytest.raises(
        OptionError, match=r"srresnet: option 'bn_eps' cannot be 0\.001 without normalisation"
    ):
        srresnet(scale=4, norm="none", bn_eps=1e-3)


def test_real_weights_reach_their_published_score(assets):
    network = srresnet(scale=4, slopes="channel", bn_eps=1e-3).eval()
    network.load_state_dict(
        torch.load(assets / "weights" / "srresnet_x4_pretrained.pth", weights_only=True)
    )
    lr, hr = (_picture(assets / "benchmarks" / "Set5" / folder) for folder in ("LRx4", "HR"))
    with torch.no_grad():
        sr = network(lr)
    protocol = Protocol(channel="y", border=4)
    error = (protocol.prepare(sr) - protocol.prepare(hr)).square().mean()
    published, _ = json.loads((assets / "goldens" / "set5_x4.json").read_text())["Set5"][
        "baby.png"
    ]["srresnet_x4_pretrained"]
    assert -10 * error.log10().item() == pytest.approx(published, abs=0.01)


def _picture(folder):
    (file,) = folder.glob("baby*.png")
    return to_unit(torch.from_numpy(read_image(file))[None])
