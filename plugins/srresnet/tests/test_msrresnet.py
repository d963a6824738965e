"""Is the layout msr BasicSR's MSRResNet, and are options that contradict it refused?"""

import pytest
import torch
from torch.nn import functional

from srkit_core.errors import OptionError
from srkit_core.testing import GeneratorContract
from srkit_srresnet import srresnet


class TestMSRResNet(GeneratorContract):
    expression = "srresnet(layout=msr, blocks=1, features=8)"


def _parameters(scale):
    return sum(value.numel() for value in srresnet(scale=scale, layout="msr").parameters())


def test_the_published_parameter_count():
    assert _parameters(4) == 1_517_571


def test_parameter_counts_by_hand():
    fixed = (27 * 64 + 64) + 16 * 2 * 36_928 + 36_928 + (64 * 27 + 3)
    assert fixed + 2 * (576 * 256 + 256) == 1_517_571
    assert _parameters(2) == fixed + (576 * 256 + 256)
    assert _parameters(3) == fixed + (576 * 576 + 576)


def test_the_state_dict_has_basicsr_s_names():
    plain = ["conv_first", "upconv1", "upconv2", "conv_hr", "conv_last"]
    body = [f"body.{block}.conv{number}" for block in range(2) for number in (1, 2)]
    names = {f"{layer}.{tensor}" for layer in plain + body for tensor in ("weight", "bias")}
    assert set(srresnet(scale=4, layout="msr", blocks=2).state_dict()) == names
    assert set(srresnet(scale=3, layout="msr", blocks=2).state_dict()) == names - {
        "upconv2.weight",
        "upconv2.bias",
    }


def test_without_its_last_convolution_it_enlarges_bilinearly():
    network = srresnet(scale=3, layout="msr", blocks=1, features=8)
    torch.nn.init.zeros_(network.conv_last.weight)
    lr = torch.rand(2, 3, 4, 5)
    assert torch.equal(
        network(lr),
        functional.interpolate(lr, scale_factor=3, mode="bilinear", align_corners=False),
    )


def test_layer_by_layer():
    torch.manual_seed(0)
    network = srresnet(scale=2, layout="msr", blocks=1, features=8)
    lr = torch.rand(1, 3, 5, 7)
    x = functional.leaky_relu(network.conv_first(lr), 0.1)
    x = x + network.body[0].conv2(network.body[0].conv1(x).relu())
    x = functional.leaky_relu(functional.pixel_shuffle(network.upconv1(x), 2), 0.1)
    x = network.conv_last(functional.leaky_relu(network.conv_hr(x), 0.1))
    base = functional.interpolate(lr, scale_factor=2, mode="bilinear", align_corners=False)
    assert torch.allclose(network(lr), base + x, atol=1e-6)


def test_convolutions_start_at_a_tenth_of_kaiming_s():
    torch.manual_seed(0)
    conv = srresnet(scale=4, layout="msr", blocks=1).upconv1
    assert conv.weight.std().item() == pytest.approx(0.1 * (2 / (64 * 9)) ** 0.5, rel=0.02)
    assert not conv.bias.any()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("head", "tanh"),
        ("norm", "batch"),
        ("skip", "before"),
        ("slopes", "channel"),
        ("bn_eps", 1e-3),
    ],
)
def test_what_contradicts_the_layout_is_refused(option, value):
    with pytest.raises(
        OptionError, match=f"srresnet: option '{option}' cannot be {value} in the layout msr"
    ) as refused:
        srresnet(scale=4, layout="msr", **{option: value})
    assert (refused.value.option, refused.value.hint) == (option, f"leave '{option}' out")


def test_what_agrees_with_the_layout_may_be_written():
    plain, written = (
        srresnet(scale=4, layout="msr", blocks=1),
        srresnet(scale=4, layout="msr", blocks=1, head="linear", norm="none"),
    )
    assert list(plain.state_dict()) == list(written.state_dict())
