"""Which pictures does a loss take for real: the recipe's target, or HR itself?"""

import copy

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from srkit_core import Recipe, RunOptions, Stage, train
from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.objective import Logits, build_objective
from srkit_core.engine.optimizer import NetworkPair, NetworkWithOptimizer, build_optimizer
from srkit_core.engine.step_turn import StepContext
from srkit_core.engine.train_step import train_step
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.plan import plan
from srkit_core.registry import discover

ORDERS = pytest.mark.parametrize("order", ["generator-first", "discriminator-first"])
RATE = 1e-2


def objective(loss, **fields):
    stage = Stage(name="gan", loss=loss, steps=1, batch=4, patch=32, **fields)
    bound = plan(Recipe(generator="srvgg", discriminator="vgg-sn", stages=[stage]), discover())
    built = build_objective(bound.stages[0], torch.device("cpu"), lambda logits: logits)
    return built, stage


def test_a_loss_that_is_a_network_is_called_in_the_precision_of_bf16_and_no_other():
    bound = plan(
        Recipe(
            generator="srvgg",
            stages=[Stage(loss="l1 + vgg(layer=conv1_2, weights=random)", steps=1)],
        ),
        discover(),
    )
    with open_processes("cpu", "bf16") as processes:
        context = processes.loss_autocast
        built = build_objective(bound.stages[0], processes.device, processes.gather, context)
        in_half = {}
        for one in built.reference:
            with one.autocast():
                in_half[one.label] = torch.is_autocast_enabled("cpu")
    assert in_half == {"l1": False, "vgg": True}


def networks():
    """A generator, and a critic that remembers what it was shown."""
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
    critic = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3))
    return generator.double(), critic.double()


def examples():
    torch.manual_seed(1)
    lr, hr = (torch.rand(4, 3, side, side, dtype=torch.float64) for side in (8, 16))
    return Examples(lr, hr, (1.5 * hr - 0.25).clamp(0, 1))


def trained(network):
    optimizer = build_optimizer(BoundOptimizer("SGD"), network, RATE)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    return NetworkWithOptimizer(network, network, optimizer, scaler, RATE)


def stepped(loss, order):
    """Return the values of a step, both networks after it, and what the critic was shown."""
    (generator, critic), given, seen = networks(), examples(), []
    critic.register_forward_pre_hook(lambda _, pictures: seen.append(pictures[0].detach()))
    losses, stage = objective(loss, order=order)
    with open_processes("cpu", "fp32") as processes:
        pair = NetworkPair(trained(generator), trained(critic))
        values = train_step(pair, StepContext(stage, losses, processes, 1), given)
    names = {"hr": given.hr, "target": given.target}
    shown = [next((n for n, x in names.items() if torch.equal(x, one)), "sr") for one in seen]
    return values, generator, critic, shown


def cross_entropy(logits, label):
    logits = logits.float()
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def by_hand(order, real_of_pixels, reals_of_games):
    """The textbook's step of 1*l1 and 0.5*gan for each kind of real pictures."""
    (generator, critic), given = networks(), examples()
    pictures = {"hr": given.hr, "target": given.target}
    before = copy.deepcopy(generator)(given.lr).detach()

    def turn_of_generator():
        sr = generator(given.lr)
        total = (sr.float() - pictures[real_of_pixels].float()).abs().mean()
        total = total + sum(0.5 * cross_entropy(critic(sr), 1.0) for _ in reals_of_games)
        moved(generator, total)

    def turn_of_critic(judge):
        total = sum(
            cross_entropy(judge(pictures[real]), 1.0) + cross_entropy(judge(before), 0.0)
            for real in reals_of_games
        )
        moved(judge, total)

    later = copy.deepcopy(critic)
    if order == "discriminator-first":
        turn_of_critic(critic)
        turn_of_generator()
        return generator, critic
    turn_of_generator()
    turn_of_critic(later)
    return generator, later


def moved(network, loss):
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    with torch.no_grad():
        for one, gradient in zip(network.parameters(), gradients, strict=True):
            one.sub_(RATE * gradient)


@ORDERS
@pytest.mark.parametrize(
    ("loss", "pixels", "games"),
    [
        ("l1 + 0.5*gan", "target", ["hr"]),
        ("l1(target=false) + 0.5*gan", "hr", ["hr"]),
        ("l1 + 0.5*gan(target=true)", "target", ["target"]),
        ("l1(target=false) + 0.5*gan(target=true)", "hr", ["target"]),
        ("l1 + 0.5*gan + 0.5*gan(target=true)", "target", ["hr", "target"]),
    ],
)
def test_a_step_takes_for_real_what_each_loss_says(order, loss, pixels, games):
    _, generator, critic, _ = stepped(loss, order)
    for ours, theirs in zip((generator, critic), by_hand(order, pixels, games), strict=True):
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(one, other, atol=1e-8)


@ORDERS
@pytest.mark.parametrize(
    ("games", "shown"),
    [
        ("gan", ["hr", "sr"]),
        ("gan(target=true)", ["target", "sr"]),
        ("gan(target=true) + ragan(target=true)", ["target", "sr"]),
        ("gan + ragan + hinge", ["hr", "sr"]),
        ("gan(target=true) + ragan", ["hr", "target", "sr"]),
    ],
)
def test_the_discriminator_is_shown_what_its_losses_ask_for(order, games, shown):
    turns = 1 if order == "generator-first" else 2
    assert stepped(f"l1 + {games}", order)[3] == shown * turns


@ORDERS
def test_columns_tell_of_every_real_picture(order):
    values, *_ = stepped("l1 + gan + gan(target=true)", order)
    alone = [stepped(f"l1 + {one}", order)[0] for one in ("gan", "gan(target=true)")]
    assert values["loss/gan"] == values["loss/gan.2"]
    if order == "generator-first":  # else the critic has learned of both
        assert values["d_real"].item() == pytest.approx(
            sum(one["d_real"].item() for one in alone) / 2, rel=1e-6
        )
        assert values["loss/discriminator"].item() == pytest.approx(
            sum(one["loss/discriminator"].item() for one in alone), rel=1e-6
        )


def test_the_generator_learns_nothing_of_real_logits():
    losses, _ = objective("l1 + ragan + ragan(target=true)")
    given = examples()
    hr, target, fake = (torch.zeros(4, 1, requires_grad=True) for _ in range(3))
    losses.generator(given.hr, given, Logits((fake,), (hr,), (target,))).total.backward()
    assert (hr.grad, target.grad) == (None, None)
    assert fake.grad.abs().sum() > 0


def test_without_a_target_a_recipe_judges_hr_whatever_is_written(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(3):
        pixels = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    tables = []
    for loss, target in (
        ("l1 + 0.1*gan", ""),
        ("l1(target=false) + 0.1*gan(target=true)", ""),
        ("l1(target=false) + 0.1*gan", "sharpen"),
        ("l1 + 0.1*gan(target=true)", "sharpen"),
    ):
        recipe = Recipe(
            generator="srvgg(features=4, blocks=1)",
            discriminator="vgg-sn(features=4)",
            target=target,
            stages=[Stage(name="gan", loss=loss, steps=2, batch=2, patch=32, validate_every=2)],
        )
        folder = tmp_path / f"run-{len(tables)}"
        result = train(recipe, RunOptions(data=str(tmp_path), out=str(folder), device="cpu"))
        tables.append([result.history("train")[-1], result.history("val")[-1]])
    plain, written, hr_alone, sharpened = (
        [{name: one for name, one in row.items() if name.startswith(("loss/", "d_"))} for row in t]
        for t in tables
    )
    assert plain == written
    assert plain[0]["loss/l1"] != hr_alone[0]["loss/l1"]  # LR is made of the target
    assert hr_alone[0]["loss/l1"] != sharpened[0]["loss/l1"]
    for row in (0, 1):
        assert hr_alone[row]["d_real"] != sharpened[row]["d_real"]
