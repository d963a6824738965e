"""Does the discriminator train alone where a stage freezes the generator or updates it seldom?"""

import copy
import csv

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.gan_monitor import GanMonitor
from srkit_core.engine.intervals import intervals_of
from srkit_core.engine.logs.running_means import RunningMeans
from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.objective import Objective, WeightedLoss
from srkit_core.engine.optimizer import NetworkPair, NetworkWithOptimizer, build_optimizer
from srkit_core.engine.step_turn import StepContext
from srkit_core.engine.train_step import train_step
from srkit_core.engine.trainer import train
from srkit_core.errors import IncompatibleError
from srkit_core.io.images import write_image
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions


class Mean:
    calls = 0

    def __call__(self, sr, hr):
        Mean.calls += 1
        return (sr - hr).abs().mean()


class GAN:
    def generator(self, real, fake):
        return nn.functional.softplus(-fake).mean()

    def discriminator(self, real, fake):
        return nn.functional.softplus(-real).mean() + nn.functional.softplus(fake).mean()


OBJECTIVE = Objective(
    (WeightedLoss("l1", 1.0, Mean()),),
    (WeightedLoss("gan", 0.1, GAN()),),
    gather=lambda logits: logits,
)


def small(*stages):
    usual = {"loss": "l1 + gan", "batch": 2, "patch": 16, "log_every": 1, "checkpoint_every": 1}
    document = {
        "generator": "srresnet(blocks=1, features=4)",
        "discriminator": "unet-sn(features=2)",
        "validation": {"pictures": 0, "metrics": "psnr"},
        "stages": [
            usual | {"name": f"s{number}", "keep": 50} | stage
            for number, stage in enumerate(stages)
        ],
    }
    return recipe_from_dict(document)


@pytest.fixture
def run_of(tmp_path, smooth):
    """Train stages on a few small pictures, and return the run folder."""
    for number in range(4):
        write_image(tmp_path / "pictures" / f"{number}.png", smooth(48, 48, number))

    def trained(name, *stages, resume=None):
        options = RunOptions(data=tmp_path / "pictures", out=tmp_path / name, device="cpu")
        return train(small(*stages), options, resume=resume).folder

    return trained


def rows(folder, split="train"):
    found = csv.DictReader((folder / "metrics.csv").read_text().splitlines())
    return [row for row in found if row["split"] == split]


def state(folder, step, name):
    return load_file(folder / "checkpoints" / f"step-{step:08d}" / f"{name}.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def networks():
    torch.manual_seed(0)
    generator = nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1), nn.BatchNorm2d(12), nn.PixelShuffle(2)
    )
    critic = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3))
    return generator, critic


def examples():
    torch.manual_seed(1)
    hr = torch.rand(4, 3, 16, 16)
    return Examples(torch.rand(4, 3, 8, 8), hr, hr)


def with_sgd(network):
    optimizer = build_optimizer(BoundOptimizer("SGD"), network, 1e-2)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    return NetworkWithOptimizer(network, network, optimizer, scaler, 1e-2)


def stepped(generator, critic, *, learns=False, **fields):
    document = {"generator": "x", "stages": [{"loss": "l1", "steps": 1} | fields]}
    stage = recipe_from_dict(document).stages[0]
    pair = NetworkPair(with_sgd(generator), with_sgd(critic))
    with open_processes("cpu", "fp32") as processes:
        context = StepContext(stage, OBJECTIVE, processes, 1, trains_generator=learns)
        return train_step(pair, context, examples())


@pytest.mark.parametrize("order", ["generator-first", "discriminator-first"])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_step_without_the_generator_moves_the_discriminator_as_by_hand(order, accumulate):
    (generator, critic), (kept, theirs) = networks(), networks()
    optimizer = torch.optim.SGD(theirs.parameters(), lr=1e-2)
    batch, expected = examples(), []
    for _ in range(2):
        for lr, hr in zip(batch.lr.chunk(accumulate), batch.hr.chunk(accumulate), strict=True):
            with torch.no_grad():
                sr = copy.deepcopy(kept)(lr)
            loss = GAN().discriminator(theirs(hr), theirs(sr))
            (loss / accumulate).backward()
            expected.append(loss.item())
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.05)
        optimizer.step()
        optimizer.zero_grad()
    values = stepped(generator, critic, order=order, d_steps=2, accumulate=accumulate, clip=0.05)
    for one, other in zip(critic.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-7)
    assert same(generator.state_dict(), kept.state_dict())
    before = sum(expected[:accumulate]) / accumulate
    assert values["loss/discriminator"].item() == pytest.approx(before, rel=1e-6)
    assert set(values) == {
        "loss/discriminator",
        "d_real",
        "d_fake",
        "d_gap",
        "gradient/discriminator",
    }


def test_a_step_without_the_generator_keeps_no_graph_and_computes_none_of_its_losses():
    generator, critic = networks()
    graphs = []
    generator.register_forward_hook(lambda *told: graphs.append(told[-1].requires_grad))
    before = Mean.calls
    stepped(generator, critic)
    assert graphs == [False]
    assert Mean.calls == before
    stepped(generator, critic, learns=True)
    assert graphs == [False, True]
    assert Mean.calls == before + 1


@pytest.mark.parametrize(
    ("fields", "updated"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"freeze": 2}, [3, 4, 5, 6]),
        ({"generator_every": 2}, [2, 4, 6]),
        ({"freeze": 2, "generator_every": 2}, [4, 6]),
        ({"freeze": 3, "generator_every": 2}, [4, 6]),
        ({"freeze": "1 epoch", "generator_every": 3}, [6]),
    ],
)
def test_steps_of_the_generator_are_counted_as_basicsr_counts(fields, updated):
    """BasicSR 1.4.2, SRGANModel.optimize_parameters: the generator moves where `current_iter %
    net_d_iters == 0 and current_iter > net_d_init_iters`, current_iter from 1.
    """
    stage = plan(small({"steps": 6} | fields), discover()).stages[0]
    intervals = intervals_of(stage, crops=8)
    assert [step for step in range(1, 7) if intervals.trains_generator(step)] == updated
    assert intervals.first_update == updated[0]
    assert intervals.updates == len(updated)


@pytest.mark.parametrize("order", ["generator-first", "discriminator-first"])
def test_a_frozen_generator_is_the_same_bit_for_bit_while_the_discriminator_learns(run_of, order):
    stage = {"steps": 4, "freeze": 2, "order": order, "ema": 0.5, "accumulate": 2, "clip": 1.0}
    run = run_of("run", {"loss": "l1", "steps": 1}, stage)
    for name in ("generator", "ema"):
        still = [state(run, step, name) for step in (2, 3)]
        assert any(key.endswith("running_mean") for key in still[0])
        assert same(*still)
        assert same(state(run, 1, "generator"), still[0])
        assert not same(still[1], state(run, 4, name))
    assert not same(state(run, 2, "discriminator"), state(run, 3, "discriminator"))
    table = rows(run)
    assert [row["loss/total"] == "" for row in table] == [False, True, True, False, False]
    assert all(float(row["loss/discriminator"]) > 0 for row in table[1:])
    assert all(row["d_real"] and row["gradient/discriminator"] for row in table[1:])
    assert [bool(row["gradient/generator"]) for row in table] == [True, False, False, True, True]


def test_means_are_of_the_steps_that_trained_the_generator(run_of):
    stage = {"steps": 6, "generator_every": 3}
    each = rows(run_of("each", stage))
    means = rows(run_of("means", stage | {"log_every": 6}))
    assert [row["step"] for row in means] == ["1", "6"]
    for name, steps in (("loss/l1", (2, 5)), ("loss/discriminator", (1, 2, 3, 4, 5))):
        expected = sum(float(each[step][name]) for step in steps) / len(steps)
        assert float(means[-1][name]) == pytest.approx(expected, rel=1e-5), name
    assert means[0]["loss/l1"] == ""


def test_a_run_stopped_while_the_generator_is_frozen_goes_on_the_same(run_of):
    stage = {"steps": 6, "freeze": 3, "generator_every": 2, "ema": 0.9, "log_every": 4}
    whole = run_of("whole", stage)
    parts = run_of("parts", stage | {"steps": 2})
    run_of("parts", stage, resume="newest")
    for name in ("generator", "ema", "discriminator", "generator-optimizer"):
        assert same(state(whole, 6, name), state(parts, 6, name)), name
    losses = [[row["loss/total"] for row in rows(run)][-1] for run in (whole, parts)]
    assert losses[0] == losses[1] != ""


def test_patience_does_not_wait_for_a_generator_that_stays(run_of):
    stage = {"steps": 8, "freeze": 5, "patience": 2, "validate_every": 1, "lr": 1e-9}
    run = run_of("run", stage)
    assert len(rows(run, "val")) >= 7


def test_a_discriminator_that_wins_alone_is_no_warning(run_of, monkeypatch):
    """Warnings are of rows in which the generator learnt."""
    seen = []
    monkeypatch.setattr(GanMonitor, "row", lambda _, values: seen.append(values) or [])
    table = rows(run_of("run", {"steps": 4, "freeze": 2}))
    assert len(table) == 4
    assert ["loss/total" in values for values in seen] == [True, True]


def test_a_stage_may_begin_with_a_new_discriminator(run_of):
    stages = [{"steps": 2}, {"steps": 1, "freeze": 1, "lr": 1e-9}]
    last = run_of("last", *stages)
    stages[1] |= {"discriminator_from": "fresh"}
    fresh = run_of("fresh", *stages)
    again = run_of("again", *stages)
    before = state(last, 2, "discriminator")
    name = next(key for key, value in before.items() if value.dim() > 1)
    apart = [
        (state(run, 3, "discriminator")[name] - before[name]).abs().max().item()
        for run in (last, fresh)
    ]
    assert apart[0] < 1e-6
    assert apart[1] > 1e-2
    assert same(state(fresh, 3, "discriminator"), state(again, 3, "discriminator"))
    assert same(state(fresh, 3, "generator"), state(last, 3, "generator"))


@pytest.mark.parametrize(
    "field", [{"freeze": 3}, {"generator_every": 2}, {"discriminator_from": "fresh"}]
)
def test_a_stage_without_an_adversarial_loss_refuses_them(field):
    name = next(iter(field))
    fact = f"{name} of stage 's0' is about a discriminator, and none of its losses is adversarial"
    with pytest.raises(IncompatibleError, match=fact) as raised:
        plan(small({"loss": "l1", "steps": 4} | field, {"steps": 4}), discover())
    usual = {"freeze": "0", "generator_every": "1", "discriminator_from": "last"}[name]
    assert raised.value.hint == f"--set stages.s0.{name}={usual}"


def test_running_means_take_values_that_some_steps_lack():
    means = RunningMeans()
    for step in ({"d": 1.0}, {"d": 3.0, "g": 5.0}, {"g": 7.0}):
        means.add({name: torch.tensor(value) for name, value in step.items()})
    other = RunningMeans()
    other.restore(means.state())
    with open_processes("cpu", "fp32") as processes:
        for one in (means, other):
            assert one.take(processes) == {"d": 2.0, "g": 6.0}
            assert not one
            one.add({"g": torch.tensor(2.0)})
            assert one.take(processes) == {"g": 2.0}
