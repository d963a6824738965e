"""Is it the U-Net discriminator of Real-ESRGAN?"""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from srkit_core.options import options_of
from srkit_core.testing import DiscriminatorContract
from srkit_unet_disc import srkit_components, unet_sn


class TestUNet(DiscriminatorContract):
    expression = "unet-sn(features=4)"


class TestWithoutSkips(DiscriminatorContract):
    expression = "unet-sn(features=4, skip=false)"


class TestOddSides(DiscriminatorContract):
    expression = "unet-sn(features=4)"
    patch = 27


def test_the_published_parameter_count():
    """Ten convolutions, by hand: the first and the last have a bias, the others none."""
    first, last = 64 * (3 * 9) + 64, 64 * 9 + 1
    down = 16 * (64 * 128 + 128 * 256 + 256 * 512)
    up = 9 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 64 + 64 * 64)
    with torch.device("meta"):
        assert (
            sum(value.numel() for value in unet_sn().parameters())
            == first + down + up + last
            == 4_376_897
        )


def test_its_layers_have_the_published_names():
    names = [
        name for name, layer in unet_sn(features=2).named_modules() if isinstance(layer, nn.Conv2d)
    ]
    assert names == [f"conv{index}" for index in range(10)]


def test_all_but_the_first_and_the_last_are_spectrally_normalised():
    network = unet_sn(features=2)
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert [is_parametrized(conv, "weight") for conv in convolutions] == [False] + [True] * 8 + [
        False
    ]
    assert not srkit_components()[0].lipschitz({"features": 64, "skip": True})


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("size", [(8, 8), (9, 23), (64, 47)])
def test_there_is_a_logit_a_pixel(skip, size):
    assert unet_sn(features=2, skip=skip)(torch.rand(2, 3, *size)).shape == (2, 1, *size)


def test_the_smallest_size_is_declared():
    with pytest.raises(RuntimeError, match="Kernel size can't be greater than actual input size"):
        unet_sn(features=2)(torch.rand(1, 3, 7, 8))


def test_it_computes_what_basicsr_computes():
    """BasicSR 1.4.2, UNetDiscriminatorSN(3, 4) with these weights and this picture, in eval mode on
    torch 2.15.
    """
    network = unet_sn(features=4).eval()
    with torch.no_grad():
        for value in network.parameters():
            value.copy_(_waves(value.numel()).reshape(value.shape))
        for index in range(1, 9):
            _set_singular_vectors(getattr(network, f"conv{index}"))
        numbers = torch.arange(3 * 16 * 24, dtype=torch.float64)
        logits = network((0.5 + 0.5 * torch.sin(0.7 * numbers)).float().reshape(1, 3, 16, 24))
    corners = [logits[0, 0, y, x].item() for y, x in ((0, 0), (7, 9), (15, 23))]
    assert [logits.mean().item(), logits.std().item()] == pytest.approx(
        [0.0409514, 0.1515038], abs=1e-5
    )
    assert corners == pytest.approx([-0.1313089, 0.1121889, 0.0489164], abs=1e-5)


def test_skips_change_the_logits():
    torch.manual_seed(0)
    network, other = unet_sn(features=2), unet_sn(features=2, skip=False)
    other.load_state_dict(network.state_dict())
    picture = torch.rand(1, 3, 16, 16)
    assert not torch.allclose(network.eval()(picture), other.eval()(picture))


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(unet_sn) if option.type_name == "int >= 1"]
    assert counts == ["features"]


def _waves(count):
    numbers = torch.arange(count, dtype=torch.float64)
    return 0.3 * torch.sin(0.1 * numbers * numbers + numbers)


def _set_singular_vectors(conv):
    """Power iteration converges to these; two implementations agree when they start there."""
    parametrization = conv.parametrizations.weight
    left, _, right = torch.linalg.svd(parametrization.original.flatten(1), full_matrices=False)
    parametrization[0]._u.copy_(left[:, 0])
    parametrization[0]._v.copy_(right[0])
