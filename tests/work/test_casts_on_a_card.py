"""Which activations does a card's autocast cast? (its own rules, on tensors without numbers)

Fake tensors say that they lie on a card, so that torch dispatches as there, and computes nothing.
"""

from collections import Counter
from contextlib import contextmanager

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from srkit_core.models.build import build_network
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover

BATCH = 5
"""No network here has so many channels: what has this first side is an activation."""
GENERATORS = (
    "edsr(blocks=1, features=8)",
    "rcan(groups=1, blocks=1, features=8, reduction=4)",
    "rrdb(blocks=1, features=8, growth=4)",
    "rrdb(blocks=1, features=8, growth=4, upsampler=nearest)",
    "srresnet(blocks=1, features=8)",
    "srvgg(features=8, blocks=1)",
)
DISCRIMINATORS = (
    "patch(features=4)",
    "unet-sn(features=4)",
    "vgg(features=4)",
    "vgg-basicsr(features=4)",
    "vgg-sn(features=4)",
)


class Casts(TorchDispatchMode):
    """Counts casts of activations by channels and dtypes."""

    def __init__(self):
        super().__init__()
        self.seen = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        if function is torch.ops.aten._to_copy.default and len(args[0]) == BATCH:
            self.seen[args[0].shape[1], args[0].dtype, made.dtype] += 1
        return made


@contextmanager
def autocast_of_a_card():
    """torch.autocast does nothing where there is no card; what it sets can be set."""
    before = torch.get_autocast_dtype("cuda")
    torch.set_autocast_dtype("cuda", torch.bfloat16)
    torch.set_autocast_enabled("cuda", True)
    try:
        yield
    finally:
        torch.set_autocast_enabled("cuda", False)
        torch.set_autocast_dtype("cuda", before)
        torch.clear_autocast_cache()


def built(role, text):
    document = {"generator": GENERATORS[-1], "stages": [{"loss": "l1 + gan", "steps": 1}]}
    document |= {"discriminator": DISCRIMINATORS[0], role: text}
    return build_network(getattr(plan(recipe_from_dict(document), discover()), role), seed=0)


def put_on_card(network):
    """Replace the numbers of a network by fakes; to be called with fakes on."""
    for module in network.modules():
        for name, one in module.named_parameters(recurse=False):
            setattr(module, name, nn.Parameter(torch.empty_like(one, device="cuda")))
        for name, one in module.named_buffers(recurse=False):
            setattr(module, name, torch.empty_like(one, device="cuda"))
    return network


def casts_of(network, side):
    with FakeTensorMode(allow_non_fake_inputs=True):
        put_on_card(network)
        pictures = torch.empty(BATCH, 3, side, side, device="cuda")
        with autocast_of_a_card(), Casts() as casts:
            network(pictures)
    return casts.seen


def test_a_card_casts_what_is_enlarged():
    """Why the others need no such casts is that they ask for none."""

    class Enlarges(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3)

        def forward(self, x):
            return self.conv(functional.interpolate(self.conv(x)[:, :3], scale_factor=2.0))

    half, full = torch.bfloat16, torch.float32
    assert casts_of(Enlarges(), 8) == {(3, full, half): 2, (3, half, full): 1}


@pytest.mark.parametrize(
    ("role", "text", "side"),
    [("generator", one, 16) for one in GENERATORS]
    + [("discriminator", one, 128) for one in DISCRIMINATORS],
)
def test_pictures_are_cast_once_and_nothing_behind_them(role, text, side):
    seen = casts_of(built(role, text), side)
    assert seen == {(3, torch.float32, torch.bfloat16): 1}
