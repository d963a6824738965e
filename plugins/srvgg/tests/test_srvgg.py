"""Is it Real-ESRGAN's compact network, and does it start learning at once?"""

import pytest
import torch
from torch.nn import functional

from srkit_core.options import options_of
from srkit_core.testing import GeneratorContract
from srkit_core.testing.samples import pictures
from srkit_srvgg import srvgg


class TestSRVGG(GeneratorContract):
    expression = "srvgg(features=8, blocks=2)"


def _parameters(network):
    return sum(value.numel() for value in network.parameters())


def _by_hand(scale, features, blocks):
    first = 3 * 9 * features + features
    middle = blocks * (features * 9 * features + features)
    last = features * 9 * 3 * scale**2 + 3 * scale**2
    slopes = (blocks + 1) * features
    return first + middle + last + slopes


def test_the_published_parameter_count():
    assert _by_hand(4, 64, 32) == 1_213_296  # realesr-general-x4v3
    assert _parameters(srvgg(scale=4, blocks=32)) == 1_213_296


@pytest.mark.parametrize(
    ("scale", "features", "blocks"), [(4, 64, 16), (4, 32, 6), (3, 16, 1), (2, 48, 4), (1, 8, 2)]
)
def test_parameter_counts_by_hand(scale, features, blocks):
    assert _parameters(srvgg(scale=scale, features=features, blocks=blocks)) == _by_hand(
        scale, features, blocks
    )


def test_the_state_dict_has_the_published_layout():
    shapes = {
        name: tuple(value.shape)
        for name, value in srvgg(scale=4, features=8, blocks=1).state_dict().items()
    }
    assert shapes == {
        "body.0.weight": (8, 3, 3, 3),
        "body.0.bias": (8,),
        "body.1.weight": (8,),
        "body.2.weight": (8, 8, 3, 3),
        "body.2.bias": (8,),
        "body.3.weight": (8,),
        "body.4.weight": (48, 8, 3, 3),
        "body.4.bias": (48,),
    }


def test_sizes_are_at_least_one():
    counts = [option.name for option in options_of(srvgg) if option.type_name == "int >= 1"]
    assert counts == ["features", "blocks"]


def test_without_the_last_convolution_it_repeats_pixels():
    network = srvgg(scale=3, features=8, blocks=1)
    torch.nn.init.zeros_(network.body[-1].weight)
    lr = torch.rand(2, 3, 4, 5)
    assert torch.equal(network(lr), lr.repeat_interleave(3, 2).repeat_interleave(3, 3))


def test_training_starts_near_the_skip_and_leaves_it_at_once():
    torch.manual_seed(0)
    network = srvgg(scale=2, features=16, blocks=12)
    hr = pictures(4, 48, 48)
    lr = functional.interpolate(hr, scale_factor=0.5, mode="bicubic", antialias=True)
    skip = (functional.interpolate(lr, scale_factor=2.0, mode="nearest") - hr).abs().mean().item()
    assert (network(lr) - hr).abs().mean().item() == pytest.approx(skip, rel=0.05)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(60):
        optimizer.zero_grad()
        loss = (network(lr) - hr).abs().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.95 * skip
