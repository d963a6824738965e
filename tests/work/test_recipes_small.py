"""Does every shipped recipe, made small by `--set` alone, train through all its stages, stop and go
on, get evaluated and be used?
"""

import signal

import numpy as np
import pytest

from srkit_core import evaluate, train, upscale
from srkit_core.callbacks import Callback
from srkit_core.errors import InterruptedRunError
from srkit_core.evaluation_files import is_evaluation_recipe
from srkit_core.io.images import read_image, write_image
from srkit_core.models.weights_card import read_card
from srkit_core.models.weights_file import read_tensors
from srkit_core.named_recipes import read_recipe
from srkit_core.overrides import Flags, recipe_from_flags
from srkit_core.recipe import PAIRED
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions
from srkit_core.specs import RecipeSpec

# Tracing doubles its time, and other tests run the same lines.
pytestmark = pytest.mark.no_cover

RECIPES = [
    one.name
    for one in discover(limit=()).installed(RecipeSpec)
    if not is_evaluation_recipe(one.spec.file)
]
STEPS = 3
"""Of each stage."""
SMALL = {
    "generator": {
        "autoencoder": "autoencoder(widths=[4, 4, 4])",
        "edsr": "edsr(blocks=2, features=8, res_scale=0.1)",
        "rcan": "rcan(groups=1, blocks=2, features=8, reduction=4)",
        "rrdb": "rrdb(blocks=1, features=8, growth=4, upsampler={upsampler})",
        "srresnet": "srresnet(blocks=1, features=8, layout={layout}, head={head}, skip={skip})",
        "srvgg": "srvgg(features=8, blocks=1)",
        "vanilla-gan": "vanilla-gan(features=8, blocks=1)",
    },
    "discriminator": {
        "unet-sn": "unet-sn(features=4)",
        "vanilla-gan": "vanilla-gan(features=4, layers=2)",
        "vgg": "vgg(features=4, norm={norm}, pool={pool})",
        "vgg-sn": "vgg-sn(features=4)",
    },
}
EVERY = (
    *("batch=2", "patch=32", f"steps={STEPS}", "log_every=1", "validate_every=2"),
    *("checkpoint_every=1", "patience_on=loss", "validation.metrics=psnr"),
)
"""LPIPS and NIQE, which need weights and large pictures, have tests of their own."""


class StopAfter(Callback):
    """Ctrl-C after so many steps."""

    def __init__(self, steps):
        self.steps = steps

    def on_step(self, event):
        if event.run_step == self.steps:
            signal.raise_signal(signal.SIGINT)


def small(name):
    """The recipe, with networks of its own kinds that are quick, and losses without a download."""
    recipe = read_recipe(name)
    settings = list(EVERY)
    for kind, table in SMALL.items():
        if whole := getattr(recipe, kind):
            options = {"layout": "srgan", "head": "auto", "skip": "after", "norm": "batch"}
            options |= {"pool": 1} | dict(whole.options)
            network = table[whole.name.rpartition("/")[2]].format(**options)
            settings.append(f"{kind}={network}")
    for stage in recipe.stages:
        loss = str(stage.loss).replace("vgg(", "vgg(weights=random, ")
        settings.append(f"stages.{stage.name}.loss={loss}")
    return recipe_from_flags(recipe, Flags(settings=tuple(settings))).recipe


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Three smooth pictures, as HR alone and as pairs."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(3):
        coarse = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        hr = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
        write_image(folder / f"hr/{number}.png", hr)
        write_image(folder / f"pairs/HQ/{number:05d}.png", hr)
        write_image(folder / f"pairs/LQ/{number:05d}.png", hr[2::4, 2::4])
    return folder


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains_stops_goes_on_and_is_used(name, pictures, tmp_path):
    wanted = small(name)
    data = pictures / ("pairs" if wanted.degradation == PAIRED else "hr")
    where = {"data": str(data), "val": {"": str(data)}, "device": "cpu"}
    whole = train(wanted, RunOptions(out=tmp_path / "whole", **where)).folder
    parted = RunOptions(out=tmp_path / "parted", **where)
    steps = STEPS * len(wanted.stages)
    with pytest.raises(InterruptedRunError):
        train(wanted, parted, callbacks=[StopAfter(1)])
    with pytest.raises(InterruptedRunError):
        train(wanted, parted, resume="newest", callbacks=[StopAfter(steps - 1)])
    folder = train(wanted, parted, resume="newest").folder
    left, right = (read_tensors(one / "weights/last.safetensors") for one in (whole, folder))
    assert read_card(folder / "weights/last.safetensors").step == steps
    assert all((left[key] == right[key]).all() for key in left.keys() | right.keys())
    scores = evaluate(folder, data, degrade=str(wanted.degradation), device="cpu")
    assert 0 < scores.mean("psnr") < 100
    large = tmp_path / "large.png"
    upscale(folder, pictures / "pairs/LQ/00000.png", large, device="cpu", backend="torch")
    assert read_image(large).shape == (96, 96, 3)
