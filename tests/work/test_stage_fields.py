"""Do the fields of a stage do what they say: accumulation, clipping, ramps, patience, hand-over,
kept weights?
"""

import csv

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.callbacks import Callback
from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.objective import Objective, WeightedLoss
from srkit_core.engine.optimizer import NetworkPair, NetworkWithOptimizer, build_optimizer
from srkit_core.engine.step_turn import StepContext
from srkit_core.engine.train_step import train_step
from srkit_core.engine.trainer import train
from srkit_core.errors import DivergedError, IncompatibleError, RecipeError
from srkit_core.fields import Span
from srkit_core.interfaces import StepPosition
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions
from srkit_core.schedule import Ramp, ramp_factors


class L1:
    def __call__(self, sr, hr):
        return (sr - hr).abs().mean()


class GAN:
    def generator(self, real, fake):
        return nn.functional.softplus(-fake).mean()

    def discriminator(self, real, fake):
        return nn.functional.softplus(-real).mean() + nn.functional.softplus(fake).mean()


OBJECTIVE = Objective(
    (WeightedLoss("l1", 1.0, L1(), sees_target=True),),
    (WeightedLoss("gan", 0.1, GAN()),),
    gather=lambda logits: logits,
)


def networks():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
    critic = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3))
    return generator, critic


def batch():
    torch.manual_seed(1)
    hr = torch.rand(4, 3, 16, 16)
    return Examples(torch.rand(4, 3, 8, 8), hr, hr)


def trained(network, rate=1e-2):
    return NetworkWithOptimizer(
        network,
        network,
        build_optimizer(BoundOptimizer("SGD"), network, rate),
        torch.amp.GradScaler("cpu", enabled=False),
        rate,
    )


def stage(**fields):
    return recipe_from_dict(
        {"generator": "x", "stages": [{"loss": "l1", "steps": 1} | fields]}
    ).stages[0]


def stepped(examples=None, objective=OBJECTIVE, **fields):
    generator, critic = networks()
    with open_processes("cpu", "fp32") as devices:
        context = StepContext(stage(**fields), objective, devices, 1, ("a.png", "b.png"))
        values = train_step(
            NetworkPair(trained(generator), trained(critic)),
            context,
            examples or batch(),
        )
    return values, generator, critic


@pytest.mark.parametrize("order", ["generator-first", "discriminator-first"])
@pytest.mark.parametrize("parts", [2, 4])
def test_a_batch_in_parts_makes_the_step_of_the_whole(order, parts):
    whole, parted = (stepped(order=order, accumulate=count, d_steps=2) for count in (1, parts))
    for one, other in zip(whole[1:], parted[1:], strict=True):
        assert all(
            torch.allclose(a, b, atol=1e-6)
            for a, b in zip(one.parameters(), other.parameters(), strict=True)
        )
    assert whole[0].keys() == parted[0].keys()
    linear = [name for name in whole[0] if not name.startswith("sr/")]
    assert all(
        whole[0][name].item() == pytest.approx(parted[0][name].item(), abs=1e-6) for name in linear
    )


def test_a_batch_that_does_not_divide_into_its_parts_is_refused(tmp_path):
    with pytest.raises(
        IncompatibleError, match="a batch of 3 cannot be shared by 2 microbatches"
    ) as caught:
        train(
            small(stages=[{"loss": "l1", "steps": 1, "batch": 3, "accumulate": 2}]),
            RunOptions(out=tmp_path / "r", device="cpu"),
        )
    assert caught.value.hint == "--batch 2"


def test_gradients_are_clipped_to_their_norm_and_smaller_ones_left_alone():
    _, before, _ = stepped(order="generator-first")
    start = networks()[0]
    moved = [
        (a - b).detach() / 1e-2
        for a, b in zip(start.parameters(), before.parameters(), strict=True)
    ]
    norm = torch.stack([one.norm() for one in moved]).norm().item()
    _, clipped, _ = stepped(order="generator-first", clip=norm / 4)
    shorter = [
        (a - b).detach() / 1e-2
        for a, b in zip(start.parameters(), clipped.parameters(), strict=True)
    ]
    assert all(torch.allclose(a / 4, b, atol=1e-5) for a, b in zip(moved, shorter, strict=True))
    _, free, _ = stepped(order="generator-first", clip=norm * 4)
    assert all(
        torch.equal(a, b) for a, b in zip(before.parameters(), free.parameters(), strict=True)
    )


def test_a_ramp_is_a_function_of_the_step():
    ramps = {"gan": Ramp(start=0.0, over=Span(10)), "l1": Ramp(start=2.0, over=Span(2, "epochs"))}
    factors = [
        ramp_factors(ramps, StepPosition(step, 100, step, 100, 5)) for step in (0, 5, 10, 50)
    ]
    assert [one["gan"] for one in factors] == [0.0, 0.5, 1.0, 1.0]
    assert [one["l1"] for one in factors] == [2.0, 1.5, 1.0, 1.0]


def test_a_ramped_weight_is_what_counts_in_the_sum():
    whole, half, none = (
        stepped(objective=OBJECTIVE.ramped({"gan": factor}))[0] for factor in (1.0, 0.5, 0.0)
    )
    assert whole["loss/total"] - half["loss/total"] == pytest.approx(
        0.05 * whole["loss/gan"].item(), rel=1e-4
    )
    assert none["loss/total"].item() == pytest.approx(none["loss/l1"].item())


def test_a_number_that_is_not_finite_names_step_term_and_pictures():
    examples = batch()
    broken = Examples(examples.lr, examples.hr, examples.target * 3e38)
    with pytest.raises(
        DivergedError,
        match=r"loss/l1 became inf at step 1 on a\.png, b\.png; nothing that came of it was saved",
    ):
        stepped(broken)


def small(**changes):
    document = {
        "generator": "srvgg(features=4, blocks=1)",
        "validation": {"pictures": 0, "metrics": "psnr"},
        "data": {"hold_out": ["chelsea"]},
    }
    usual = {"batch": 2, "patch": 32, "validate_every": 1, "checkpoint_every": 1, "log_every": 1}
    stages = [usual | one for one in changes.pop("stages")]
    return recipe_from_dict(document | changes | {"stages": stages})


class Notes(Callback):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


def rows(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_stage_ends_when_its_patience_does_and_a_resume_knows(tmp_path):
    """With a rate of nearly nothing, nothing improves beyond the first validation."""
    still = {"loss": "l1", "steps": 9, "lr": 1e-30, "patience": 2}
    recipe = small(stages=[still | {"name": "one"}, still | {"name": "two", "patience_on": "psnr"}])
    notes = Notes()
    train(recipe, RunOptions(out=tmp_path / "r", device="cpu"), callbacks=[notes])
    assert [int(row["step"]) for row in rows(tmp_path / "r") if row["split"] == "val"] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert "stage 'one' ends after step 3: 2 validations without a better loss" in notes.notes
    assert "stage 'two' ends after step 6: 2 validations without a better psnr" in notes.notes
    again = Notes()
    train(recipe, RunOptions(out=tmp_path / "r", device="cpu"), resume="newest", callbacks=[again])
    assert any("is finished: 6 steps" in note for note in again.notes)
    assert len(rows(tmp_path / "r")) == 12


def test_a_stage_that_improves_goes_on(tmp_path):
    recipe = small(stages=[{"loss": "l1", "steps": 5, "lr": 1e-5, "patience": 1}])
    train(recipe, RunOptions(out=tmp_path / "r", device="cpu"))
    assert int(rows(tmp_path / "r")[-1]["step"]) == 5


def test_a_stage_may_start_from_the_best_weights_of_the_one_before(tmp_path):
    """The first stage spoils the weights at its end.

    The second begins where they were best, and does not move.
    """
    stages = [
        {"name": "one", "loss": "l1", "steps": 6, "lr": 0.05},
        {"name": "two", "loss": "l1", "steps": 1, "lr": 1e-30, "start_from": "best-psnr"},
    ]
    train(small(stages=stages), RunOptions(out=tmp_path / "r", device="cpu"))
    weights = tmp_path / "r" / "weights"
    best, last, second = (
        load_file(weights / name)
        for name in ("one/best-psnr.safetensors", "one/last.safetensors", "two/last.safetensors")
    )
    assert any(not torch.equal(best[name], last[name]) for name in best)
    assert all(torch.equal(best[name], second[name]) for name in best)


def test_weights_of_named_steps_stay_and_old_checkpoints_go(tmp_path):
    train(
        small(stages=[{"loss": "l1", "steps": 6, "keep": 2, "keep_weights_at": [2, 5]}]),
        RunOptions(out=tmp_path / "r", device="cpu"),
    )
    names = sorted(path.name for path in (tmp_path / "r" / "weights" / "main").glob("step-*"))
    assert names == ["step-00000002.safetensors", "step-00000005.safetensors"]
    assert sorted(path.name for path in (tmp_path / "r" / "checkpoints").iterdir()) == [
        "step-00000005",
        "step-00000006",
    ]


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({"ramps": {"vgg": {"over": 5}}}, "ramps 'vgg', which is none of its losses"),
        (
            {"patience_on": "lpips"},
            "patience_on of stage 'main' is 'lpips', which validation does not measure",
        ),
        (
            {"start_from": "best-psnr"},
            "the first stage 'main' has no stage before it to start from",
        ),
        ({"start_from": "best-niqe"}, "start_from of stage 'main' is 'niqe'"),
        ({"start_from": "worst"}, "start_from"),
        ({"accumulate": 0}, "accumulate"),
    ],
)
def test_fields_that_cannot_be_are_refused(fields, fact):
    with pytest.raises(RecipeError, match=fact):
        plan(small(stages=[{"loss": "l1", "steps": 1} | fields]), discover())


def test_recomputed_blocks_train_the_same_with_less_memory(tmp_path):
    document = {
        "generator": "rrdb(blocks=2, features=8, growth=4)",
        "stages": [{"loss": "l1", "steps": 3, "ema": 0.9}],
    }
    for name, again in (("plain", False), ("again", True)):
        train(small(**document), RunOptions(out=tmp_path / name, device="cpu", recompute=again))
        document = {**document, "stages": [{"loss": "l1", "steps": 3, "ema": 0.9}]}
    one, other = (
        load_file(tmp_path / name / "weights" / "last.safetensors") for name in ("plain", "again")
    )
    assert all(torch.allclose(one[name], other[name], atol=1e-6) for name in one)
    with pytest.raises(
        IncompatibleError, match="srkit-srresnet/srresnet' has no blocks that could be recomputed"
    ):
        train(
            small(generator="srresnet(blocks=1, features=8)", stages=[{"loss": "l1", "steps": 1}]),
            RunOptions(out=tmp_path / "x", device="cpu", recompute=True),
        )


def test_a_run_is_not_made_shorter_than_it_is(tmp_path):
    train(small(stages=[{"loss": "l1", "steps": 4}]), RunOptions(out=tmp_path / "r", device="cpu"))
    before = (tmp_path / "r" / "recipe.toml").read_text()
    with pytest.raises(RecipeError, match="stage 'main' has 4 steps behind it, more than 2"):
        train(
            small(stages=[{"loss": "l1", "steps": 2}]),
            RunOptions(out=tmp_path / "r", device="cpu"),
            resume="newest",
        )
    assert (tmp_path / "r" / "recipe.toml").read_text() == before
