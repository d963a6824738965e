"""Is it BasicSR's discriminator, built for one size of pictures?"""

import pytest
import torch
from torch import nn
from torch.nn import functional

from srkit_core.errors import IncompatibleError
from srkit_core.plan import plan
from srkit_core.recipe import Recipe, Stage
from srkit_core.registry import discover
from srkit_core.testing import DiscriminatorContract
from srkit_vgg_disc import vgg_basicsr


class TestSmall(DiscriminatorContract):
    expression = "vgg-basicsr(features=4)"


@pytest.mark.parametrize(("size", "count"), [(128, 14_499_401), (256, 21_055_049)])
def test_the_published_parameter_counts(size, count):
    with torch.device("meta"):
        network = vgg_basicsr(size=size)
    assert sum(value.numel() for value in network.parameters()) == count


def test_tensors_are_named_as_there():
    places = [f"{level}_{half}" for level in range(5) for half in range(2)]
    normalised = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    expected = {"conv0_0.bias", *(f"conv{place}.weight" for place in places)}
    expected |= {f"bn{place}.{name}" for place in places[1:] for name in normalised}
    expected |= {f"linear{n}.{name}" for n in (1, 2) for name in ("weight", "bias")}
    assert set(vgg_basicsr(features=2).state_dict()) == expected
    larger = set(vgg_basicsr(features=2, size=256).state_dict())
    assert {name.split(".")[0] for name in larger - expected} == {
        *("conv5_0", "bn5_0", "conv5_1", "bn5_1")
    }


def test_channels_kernels_and_strides_are_those_there():
    layers = vgg_basicsr(size=256).named_modules()
    convolutions = [one for _, one in layers if isinstance(one, nn.Conv2d)]
    assert [(one.out_channels, one.kernel_size[0], one.stride[0]) for one in convolutions] == [
        (width, kernel, stride)
        for width in (64, 128, 256, 512, 512, 512)
        for kernel, stride in ((3, 1), (4, 2))
    ]
    assert vgg_basicsr().linear1.weight.shape == (100, 512 * 16)


def test_a_pass_by_the_book():
    """Convolution, batch normalisation, leaky ReLU, level by level, from the tensors alone."""
    torch.manual_seed(0)
    network, x = vgg_basicsr(features=2).train(), torch.rand(2, 3, 128, 128)
    tensors = dict(network.named_parameters())
    logits = network(x)
    for level in range(5):
        for half in range(2):
            place, side = f"{level}_{half}", 3 + half
            kernel = tensors[f"conv{place}.weight"]
            assert kernel.shape[-1] == side
            x = functional.conv2d(x, kernel, tensors.get(f"conv{place}.bias"), 1 + half, padding=1)
            if place != "0_0":
                x = functional.batch_norm(
                    x, None, None, tensors[f"bn{place}.weight"], tensors[f"bn{place}.bias"], True
                )
            x = functional.leaky_relu(x, 0.2)
    x = functional.linear(x.flatten(1), tensors["linear1.weight"], tensors["linear1.bias"])
    x = functional.leaky_relu(x, 0.2)
    x = functional.linear(x, tensors["linear2.weight"], tensors["linear2.bias"])
    assert torch.allclose(logits, x, atol=1e-6)


@pytest.mark.parametrize(
    ("patch", "size", "fact", "hint"),
    [
        (96, 128, "patch 96 is too small for the discriminator 'vgg-basicsr'", "--patch 128"),
        (256, 128, "patch 256 is too large for the discriminator 'vgg-basicsr'", "--patch 128"),
        (128, 256, "patch 128 is too small for the discriminator 'vgg-basicsr'", "--patch 256"),
    ],
)
def test_another_patch_is_refused_before_training(patch, size, fact, hint):
    stage = Stage(name="gan", loss="l1 + gan", steps=1, batch=1, patch=patch)
    disc = f"vgg-basicsr(size={size})"
    with pytest.raises(IncompatibleError, match=fact) as caught:
        plan(Recipe(generator="srvgg", discriminator=disc, stages=[stage]), discover())
    assert caught.value.hint == hint


def test_patches_without_a_game_are_free():
    stages = [
        Stage(name="warmup", loss="l1", steps=1, batch=1, patch=64),
        Stage(name="gan", loss="l1 + ragan(detach=true)", steps=1, batch=1, patch=128),
    ]
    recipe = Recipe(generator="srvgg", discriminator="vgg-basicsr", stages=stages)
    bound = plan(recipe, discover())
    assert bound.discriminator.options == {"size": 128, "features": 64}
