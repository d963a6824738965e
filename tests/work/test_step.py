"""Does one step do what the papers' trainers do?"""

import copy
from math import log

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.ema import start_average, update_average
from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.objective import (
    Logits,
    Objective,
    WeightedLoss,
    build_objective,
    logits_of,
)
from srkit_core.engine.optimizer import NetworkPair, NetworkWithOptimizer, build_optimizer
from srkit_core.engine.seeds import seed_for
from srkit_core.engine.step_turn import StepContext
from srkit_core.engine.train_step import train_step
from srkit_core.interfaces import StepPosition
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.schedule import Schedule
from srkit_core.schedule_binding import bind_schedule, rate_factor


class PlainGAN:
    def generator(self, real, fake):
        return bce(fake, torch.ones_like(fake))

    def discriminator(self, real, fake):
        return bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))


class Mean:
    def __call__(self, sr, hr):
        return (sr - hr).abs().mean()


def stage(**fields):
    document = {"generator": "x", "stages": [{"loss": "l1", "steps": 1} | fields]}
    return recipe_from_dict(document).stages[0]


def networks():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
    critic = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3)
    )
    return generator, critic


def batch():
    torch.manual_seed(1)
    return torch.rand(4, 3, 8, 8), torch.rand(4, 3, 16, 16)


def trained(network, rate=1e-2):
    return NetworkWithOptimizer(
        network,
        network,
        build_optimizer(BoundOptimizer("SGD"), network, rate),
        torch.amp.GradScaler("cpu", enabled=False),
        rate,
    )


OBJECTIVE = Objective(
    (WeightedLoss("l1", 1.0, Mean(), sees_target=True),),
    (WeightedLoss("gan", 0.1, PlainGAN()),),
    gather=lambda logits: logits,
)


def by_hand(order, d_steps=1):
    """The textbook step, each network updated with its own passes."""
    (generator, critic), (lr, hr) = networks(), batch()
    optimizers = [torch.optim.SGD(network.parameters(), lr=1e-2) for network in (generator, critic)]

    def turn_of_generator():
        optimizers[0].zero_grad()
        sr = generator(lr)
        (Mean()(sr, hr) + 0.1 * PlainGAN().generator(critic(hr).detach(), critic(sr))).backward()
        optimizers[0].step()

    def turn_of_critic(sr):
        optimizers[1].zero_grad()
        PlainGAN().discriminator(critic(hr), critic(sr)).backward()
        optimizers[1].step()

    sr = generator(lr).detach()
    if order == "generator-first":
        turn_of_generator()
    for _ in range(d_steps):
        turn_of_critic(sr)
    if order == "discriminator-first":
        turn_of_generator()
    return generator, critic


@pytest.mark.parametrize(
    ("order", "d_steps"),
    [
        ("generator-first", 1),
        ("generator-first", 3),
        ("discriminator-first", 1),
        ("discriminator-first", 2),
    ],
)
def test_a_step_moves_both_networks_as_the_textbook_does(order, d_steps):
    (generator, critic), (lr, hr) = networks(), batch()
    with open_processes("cpu", "fp32") as devices:
        train_step(
            NetworkPair(trained(generator), trained(critic)),
            StepContext(stage(order=order, d_steps=d_steps), OBJECTIVE, devices, 1),
            Examples(lr, hr, hr),
        )
    for ours, theirs in zip((generator, critic), by_hand(order, d_steps), strict=True):
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(one, other, atol=1e-7)


def test_generator_first_asks_the_critic_twice_and_discriminator_first_four_times():
    calls = []
    with open_processes("cpu", "fp32") as devices:
        for order in ("generator-first", "discriminator-first"):
            (generator, critic), (lr, hr) = networks(), batch()
            critic.register_forward_hook(lambda *_: calls.append(1))
            train_step(
                NetworkPair(trained(generator), trained(critic)),
                StepContext(stage(order=order), OBJECTIVE, devices, 1),
                Examples(lr, hr, hr),
            )
            calls.append("|")
    assert calls == [1, 1, "|", 1, 1, 1, 1, "|"]


def test_values_of_a_step_are_those_before_the_update():
    (generator, critic), (lr, hr) = networks(), batch()
    with torch.no_grad():
        expected_l1 = Mean()(generator(lr), hr).item()
    with open_processes("cpu", "fp32") as devices:
        values = train_step(
            NetworkPair(trained(generator), trained(critic)),
            StepContext(stage(), OBJECTIVE, devices, 1),
            Examples(lr, hr, hr),
        )
    assert values["loss/l1"].item() == pytest.approx(expected_l1, rel=1e-6)
    assert values["loss/total"].item() == pytest.approx(
        expected_l1 + 0.1 * values["loss/gan"].item(), rel=1e-6
    )
    assert not any(value.requires_grad for value in values.values())


def test_without_a_discriminator_only_reference_losses_move_the_generator():
    (generator, _), (lr, hr) = networks(), batch()
    theirs = copy.deepcopy(generator)
    with open_processes("cpu", "fp32") as devices:
        alone = Objective(OBJECTIVE.reference, (), OBJECTIVE.gather)
        train_step(
            NetworkPair(trained(generator), None),
            StepContext(stage(), alone, devices, 1),
            Examples(lr, hr, hr),
        )
    Mean()(theirs(lr), hr).backward()
    for one, other in zip(generator.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one, other - 1e-2 * other.grad, atol=1e-8)


def test_several_maps_are_judged_one_by_one_and_averaged():
    real, fake = (
        (torch.zeros(2, 1), torch.full((2, 1, 4, 4), 2.0)),
        (torch.zeros(2, 1), torch.full((2, 1, 4, 4), -2.0)),
    )
    value = OBJECTIVE.discriminator(Logits(fake, real)).item()
    by_map = [2 * log(2), 2 * log(1 + torch.exp(torch.tensor(-2.0)).item())]
    assert value == pytest.approx(sum(by_map) / 2, rel=1e-6)
    assert logits_of(lambda image: (image, image), torch.ones(1)) == (torch.ones(1), torch.ones(1))


def test_logits_are_gathered_before_a_relativistic_loss_averages_them():
    registry = discover()
    wanted = {
        "generator": "srvgg",
        "discriminator": "vgg-sn",
        "stages": [{"loss": "l1 + ragan", "steps": 1}],
    }
    planned = plan(recipe_from_dict(wanted), registry)
    torch.manual_seed(0)
    real, fake = torch.randn(8, 1), torch.randn(8, 1)
    whole = build_objective(planned.stages[0], torch.device("cpu"), lambda logits: logits)
    other = {real[:4].data_ptr(): real[4:], fake[:4].data_ptr(): fake[4:]}
    gathered = Objective(
        whole.reference,
        whole.adversarial,
        gather=lambda logits: torch.cat([logits, other[logits.data_ptr()]]),
    )
    assert gathered.discriminator(Logits((fake[:4],), (real[:4],))).item() == pytest.approx(
        whole.discriminator(Logits((fake,), (real,))).item(), rel=1e-6
    )
    assert whole.adversarial[0].weight == 0.005


@pytest.mark.parametrize(
    ("schedule", "warmup", "step", "factor"),
    [
        ("constant", 0, 7, 1.0),
        ("constant", 4, 0, 0.25),
        ("constant", 4, 3, 1.0),
        ({"name": "cosine"}, 0, 0, 1.0),
        ({"name": "cosine"}, 0, 5, 0.5),
        ({"name": "cosine", "final": 0.1}, 0, 5, 0.55),
        ({"name": "cosine", "over": "run"}, 0, 0, 0.5),
        ({"name": "multistep", "milestones": [3, "1 epoch"], "gamma": 0.1}, 0, 2, 1.0),
        ({"name": "multistep", "milestones": [3, "1 epoch"], "gamma": 0.1}, 0, 3, 0.1),
        ({"name": "multistep", "milestones": [3, "1 epoch"], "gamma": 0.1}, 0, 4, 0.01),
    ],
)
def test_rates_are_a_function_of_the_step(schedule, warmup, step, factor):
    place = StepPosition(step=step, length=10, run_step=10 + step, run_length=20, steps_per_epoch=4)
    bound = bind_schedule(discover(limit=()), Schedule.model_validate(schedule))
    assert rate_factor(bound, warmup, place) == pytest.approx(factor)


def test_the_moving_average_follows_its_formula_and_copies_buffers():
    network = nn.BatchNorm1d(1)
    average = start_average(network)
    network.weight.data.fill_(3.0)
    network.running_mean.fill_(7.0)
    update_average(average, network, 0.9)
    assert average.weight.item() == pytest.approx(0.9 * 1 + 0.1 * 3)
    assert average.running_mean.item() == 7.0
    assert not average.weight.requires_grad


def test_seeds_differ_by_purpose_and_place_and_fit_every_generator():
    seeds = {
        seed_for(seed, purpose, step)
        for seed in (0, 1)
        for purpose in ("a", "b")
        for step in range(50)
    }
    assert len(seeds) == 200
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_for(0, "generator") == seed_for(0, "generator")


@pytest.mark.parametrize("order", ["generator-first", "discriminator-first"])
def test_reference_losses_see_the_target_and_the_discriminator_sees_hr(order):
    """Real-ESRGAN's training: the generator aims at sharpened pictures, real pictures are what they
    are.
    """
    (generator, critic), (lr, hr) = networks(), batch()
    seen = []
    judging = copy.deepcopy(critic)
    judging.register_forward_pre_hook(lambda _, pictures: seen.append(pictures[0].detach().clone()))
    with torch.no_grad():
        expected = (generator(lr) - (hr + 0.5)).abs().mean()
    with open_processes("cpu", "fp32") as devices:
        examples = Examples(lr, hr, hr + 0.5)
        asked = stage(order=order, d_steps=3)
        values = train_step(
            NetworkPair(trained(generator), trained(judging)),
            StepContext(asked, OBJECTIVE, devices, 1),
            examples,
        )
    assert values["loss/l1"].item() == pytest.approx(expected.item(), rel=1e-6)
    assert sum(torch.equal(one, hr) for one in seen) >= 3
    assert not any(torch.equal(one, hr + 0.5) for one in seen)


def test_a_network_without_buffers_is_averaged():
    network = nn.Conv2d(3, 3, 1)
    average = start_average(network)
    with torch.no_grad():
        network.weight.add_(1)
    before = average.weight.clone()
    update_average(average, network, 0.75)
    assert torch.allclose(average.weight, before + 0.25)
