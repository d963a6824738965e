"""Does what an outside distribution brings take part in a training, from Python and by name on the
command line, and is one that is broken named?
"""

import csv
import io
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from srkit_core import read_recipe
from srkit_core.augmentation import MixAugmentation, PixelAugmentation, ViewAugmentation
from srkit_core.cli.app import run
from srkit_core.engine.trainer import train
from srkit_core.errors import PluginError
from srkit_core.interfaces import MakeOptimizer, RateFactor
from srkit_core.io.images import write_image
from srkit_core.models.weights_file import read_tensors
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions
from srkit_core.schedule import Schedule
from srkit_core.specs import AugmentationSpec, OptimizerSpec, ScheduleSpec

NAME = "zz-doors"
STAGE = {
    "loss": "l1",
    "steps": 2,
    "batch": 1,
    "patch": 32,
    "log_every": 1,
    "checkpoint_every": 1,
    "validate_every": 2,
}


def inverse(pixels):
    return 255 - pixels


def halved(pixels):
    return pixels[::2]


@dataclass(frozen=True, kw_only=True)
class Negative(PixelAugmentation):
    """Makes a negative.

    Args:
        broken: Hand back half of the rows.
    """

    broken: bool = False

    def apply(self, change, rng):
        return change.then(halved if self.broken else inverse)


@dataclass(frozen=True, kw_only=True)
class Lost(ViewAugmentation):
    """Hands back nothing."""

    def apply(self, view, rng):
        return None


@dataclass(frozen=True, kw_only=True)
class Gray(MixAugmentation):
    """Fails."""

    def apply(self, examples, probability, rng):
        raise ValueError("no gray today")


class Sign(torch.optim.Optimizer):
    """Signs of a moving average of gradients, Chen et al. 2023, with numbers beside tensors."""

    def __init__(self, parameters, lr, beta, closed):
        super().__init__(parameters, {"lr": lr, "beta": beta, "steps": 0})
        self.closed = closed

    @torch.no_grad()
    def step(self, closure=None):
        if self.closed and closure is None:
            raise RuntimeError("it needs a closure")
        for group in self.param_groups:
            group["steps"] += 1  # as of schedule-free ones: it is part of what comes next
            for one in group["params"]:
                if one.grad is None:
                    continue
                state = self.state[one]
                mean = state.setdefault("mean", torch.zeros_like(one))
                state["seen"] = state.get("seen", 0) + 1
                mean.lerp_(one.grad, 1 - group["beta"])
                pace = group["lr"] / (group["steps"] * state["seen"])
                one.sub_(mean.sign() * pace)


def sign(*, beta: float = 0.9, closed: bool = False, remembers: bool = False) -> MakeOptimizer:
    """Make one.

    Args:
        beta: Decay of the average.
        closed: Ask for a closure.
        remembers: Remember what no file holds.
    """

    def make(parameters, lr):
        made = Sign(parameters, lr, beta, closed)
        if remembers:
            made.state[parameters[0]]["odd"] = {1, 2}
        return made

    return make


def none_made(*, n: int = 1) -> MakeOptimizer:
    """Make nothing."""
    return lambda parameters, lr: n


def onecycle(*, peak: float = 2.0) -> RateFactor:
    """Rise to a peak, and fall.

    Args:
        peak: The largest factor.
    """
    return lambda position: peak * (1 - abs(2 * position.step / position.length - 1))


SPECS = [
    AugmentationSpec(name="negative", factory=Negative, summary="a negative"),
    AugmentationSpec(name="lost", factory=Lost, summary="nothing"),
    AugmentationSpec(name="gray", factory=Gray, summary="fails"),
    OptimizerSpec(name="sign", factory=sign, summary="signs"),
    OptimizerSpec(name="nothing", factory=none_made, summary="none"),
    ScheduleSpec(name="onecycle", factory=onecycle, summary="up and down"),
]


def recipe(**stage):
    return recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "validation": {"pictures": 0, "metrics": "psnr"},
            "stages": [STAGE | stage],
        }
    )


@pytest.fixture(scope="module")
def registry():
    return discover().with_components(*SPECS, distribution=NAME)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_image(folder / f"{number}.png", pixels)
    return folder


def options(photos, out, **more):
    return RunOptions(data=str(photos), out=out, device="cpu", workers=0, **more)


def test_an_augmentation_changes_what_is_learnt(registry, photos, tmp_path):
    weights = {}
    for augment in ("negative@0.0", "negative", "zz-doors/negative"):
        out = tmp_path / augment.replace("/", "-")
        train(recipe(augment=augment), options(photos, out), registry=registry)
        weights[augment] = read_tensors(out / "weights/last.safetensors")
        written = str(read_recipe(str(out / "recipe.toml")).stages[0].augment)
        assert written == augment.rpartition("/")[2].replace(
            "negative", "zz-doors/negative(broken=false)"
        )
    never, always, by_full_name = weights.values()
    assert any(not torch.equal(tensor, always[name]) for name, tensor in never.items())
    assert all(torch.equal(tensor, by_full_name[name]) for name, tensor in always.items())


@pytest.mark.parametrize(
    ("augment", "fact"),
    [
        ("negative(broken=true)", "it made uint8 (24, 48, 3) of uint8 (48, 48, 3)"),
        ("lost", "it returned NoneType, not View"),
        ("gray", "ValueError: no gray today"),
    ],
)
def test_a_broken_augmentation_is_named(augment, fact, registry, photos, tmp_path):
    with pytest.raises(PluginError) as caught:
        train(recipe(augment=augment), options(photos, tmp_path / "run"), registry=registry)
    assert f"'{augment.partition('(')[0]}' of zz-doors failed" in caught.value.message
    assert fact in caught.value.message


def test_a_broken_augmentation_is_named_by_a_loading_process_too(registry, photos, tmp_path):
    where = replace(options(photos, tmp_path / "run"), workers=1)
    with pytest.raises(PluginError, match="'lost' of zz-doors failed when it drew a change"):
        train(recipe(augment="lost"), where, registry=registry)


def test_a_plugin_that_takes_names_of_srkit_changes_no_default(photos, tmp_path):
    taken = [
        AugmentationSpec(name="flip", factory=Lost, summary="another flip"),
        ScheduleSpec(name="constant", factory=onecycle, summary="another constant"),
    ]
    planned = plan(recipe(), discover().with_components(*taken, distribution=NAME))
    stage = planned.recipe.stages[0]
    assert str(stage.augment) == "srkit/flip(axis=horizontal) | srkit/turn"
    assert stage.schedule == Schedule(name="srkit/constant")


def test_an_augmentation_is_asked_for_on_the_command_line(installed, photos, tmp_path, capsys):
    installed(*SPECS, distribution=NAME)
    words = ["train", "--gen", "srvgg(features=4, blocks=1)", "--steps", "1", "--batch", "1"]
    words += ["--patch", "32", "--data", str(photos), "--out", str(tmp_path / "run")]
    words += ["--device", "cpu", "--workers", "0", "--set", "augment=negative | flip"]
    assert run(words) == 0
    text = (tmp_path / "run/recipe.toml").read_text(encoding="utf-8")
    assert 'augment = "zz-doors/negative(broken=false) | srkit/flip(axis=horizontal)"' in text
    capsys.readouterr()
    assert run(["check", str(tmp_path / "run"), "--set", "augment=negativ"]) == 3
    said = capsys.readouterr().err
    assert "no augmentation named 'negativ' is installed" in said
    assert "did you mean 'negative'?" in said


def test_an_optimizer_and_a_schedule_take_part_and_resume_exactly(registry, photos, tmp_path):
    made = {"optimizer": {"name": "sign", "beta": 0.8}, "schedule": "onecycle(peak=3)"}
    asked, where = recipe(steps=4, lr=1e-3, ema=0.9, **made), options(photos, tmp_path / "run")
    train(asked, where, registry=registry)
    last, rows = tmp_path / "run/weights/last.safetensors", tmp_path / "run/metrics.csv"
    before, figures = read_tensors(last), rows.read_text(encoding="utf-8")
    train(asked, where, registry=registry, resume=2)
    assert all(torch.equal(tensor, read_tensors(last)[name]) for name, tensor in before.items())
    rates = [one["lr"] for one in csv.DictReader(io.StringIO(figures)) if one["split"] == "train"]
    assert [float(rate) for rate in rates] == pytest.approx([0.0, 1.5e-3, 3e-3, 1.5e-3])
    written = read_recipe(str(tmp_path / "run/recipe.toml")).stages[0]
    assert written.optimizer.generator.options == {
        "beta": 0.8,
        "closed": False,
        "remembers": False,
    }
    assert (written.schedule.name, written.schedule.options) == (
        "zz-doors/onecycle",
        {"peak": 3.0},
    )


@pytest.mark.parametrize(
    ("optimizer", "fact"),
    [
        ({"name": "sign", "closed": True}, "'sign' of zz-doors failed when it took a step: Runt"),
        ({"name": "nothing"}, "'nothing' of zz-doors failed when it was made: TypeError: it is a"),
        ({"name": "sign", "remembers": True}, "optimizer 'zz-doors/sign' remembers '0.odd', a set"),
    ],
    ids=str,
)
def test_a_broken_optimizer_is_named(optimizer, fact, registry, photos, tmp_path):
    with pytest.raises(PluginError) as caught:
        train(recipe(optimizer=optimizer), options(photos, tmp_path / "run"), registry=registry)
    assert fact in caught.value.message


def test_optimizers_and_schedules_are_asked_for_on_the_command_line(installed, photos, capsys):
    installed(*SPECS, distribution=NAME)
    words = ["check", "--gen", "srvgg(features=4, blocks=1)", "--steps", "9", "--data", str(photos)]
    assert run([*words, "--set", "optimizer.name=sign", "--set", "schedule=onecycle(peak=4)"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "onecycle(peak=4.0)" in said
    assert "sign" in said
    assert run([*words, "--set", "schedule=onecycel"]) == 3
    assert "did you mean 'onecycle'?" in capsys.readouterr().err
    assert run([*words, "--set", "optimizer.name=sing"]) == 2
    assert "did you mean 'sign'?" in capsys.readouterr().err
