"""When is a step captured, and what happens where it cannot be? (tests/gpu captures for real)"""

from contextlib import contextmanager

import pytest
import torch
from graph_stand_in import Recorder, stand_in, taken_back
from torch import nn

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine import step_graphs
from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.objective import Objective, WeightedLoss
from srkit_core.engine.optimizer import NetworkPair, NetworkWithOptimizer, build_optimizer
from srkit_core.engine.step_graphs import WARM, CapturedStep, StepGraphs, turns_on
from srkit_core.engine.step_turn import StepContext
from srkit_core.engine.train_step import train_step, turns_of
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.recipe import recipe_from_dict


class Mean:
    def __call__(self, sr, hr):
        return (sr - hr).abs().mean()


def examples(side=8, target=False):
    hr = torch.rand(2, 3, 2 * side, 2 * side)
    return Examples(torch.rand(2, 3, side, side), hr, hr.clone() if target else hr)


def stage():
    document = {"generator": "x", "stages": [{"loss": "l1", "steps": 1}]}
    return recipe_from_dict(document).stages[0]


def pair():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
    optimizer = build_optimizer(BoundOptimizer("Adam"), network, 1e-2)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    return NetworkPair(NetworkWithOptimizer(network, network, optimizer, scaler, 1e-2), None)


def context(processes, weight=1.0, learns=True):
    objective = Objective((WeightedLoss("l1", weight, Mean()),), (), lambda logits: logits)
    return StepContext(stage(), objective, processes, 1, trains_generator=learns)


@pytest.fixture
def processes():
    with open_processes("cpu", "fp32") as opened:
        yield opened


def steps(graphs, processes, *asked):
    networks = pair()
    for weight, side in asked:
        train_step(networks, context(processes, weight), examples(side), graphs)


def test_a_step_is_captured_once_after_equal_ones(processes):
    capture = Recorder()
    steps(StepGraphs(print, capture), processes, *[(1.0, 8)] * WARM)
    assert capture.captures == 0
    steps(StepGraphs(print, capture), processes, *[(1.0, 8)] * 9)
    assert capture.captures == 1


def test_other_shapes_are_captured_on_their_own(processes):
    capture = Recorder()
    steps(StepGraphs(print, capture), processes, *[(1.0, 8), (1.0, 4)] * 6)
    assert capture.captures == 2


def test_weights_that_move_are_never_captured_nor_remembered(processes):
    capture = Recorder()
    graphs = StepGraphs(print, capture)
    steps(graphs, processes, *[(1 + step / 100, 8) for step in range(40)])
    assert capture.captures == 0
    assert len(graphs._seen) < 10
    steps(graphs, processes, *[(2.0, 8)] * 5)
    assert capture.captures == 1


def test_what_cannot_be_captured_is_said_once_and_trains_as_before(processes):
    def fails(networks, context, examples):
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    notes, given = list[str](), [examples() for _ in range(9)]
    graphs, one, other = StepGraphs(notes.append, fails), pair(), pair()
    for each in given:
        train_step(one, context(processes), each, graphs)
        train_step(other, context(processes), each)
    assert len(notes) == 1
    assert notes[0].startswith("steps are not captured as CUDA graphs: test_step_graphs.py:")
    assert notes[0].endswith("operation not permitted when stream is capturing")
    pairs = zip(one.generator.parameters, other.generator.parameters, strict=True)
    assert all(torch.equal(*weights) for weights in pairs)


def test_a_cpu_takes_steps_as_they_are(processes):
    assert turns_on(processes, print) is turns_of


def test_nothing_is_read_before_the_gradients_are_there(processes, monkeypatch):
    """Reads of a step: one, when everything of a turn is computed."""
    order, networks = list[str](), pair()
    read, backward = torch.Tensor.__bool__, torch.autograd.backward
    monkeypatch.setattr(torch.Tensor, "__bool__", lambda one: order.append("read") or read(one))
    monkeypatch.setattr(
        torch.autograd,
        "backward",
        lambda *args, **options: order.append("backward") or backward(*args, **options),
    )
    train_step(networks, context(processes), examples())
    assert order == ["backward", "read"]


ORDERS = {
    "alone": ("", {}),
    "accumulated": ("", {"accumulate": 2}),
    "clipped": ("", {"clip": 0.01}),
    "generator-first": ("gan", {}),
    "d-steps": ("gan", {"d_steps": 2}),
    "discriminator-first": ("gan", {"order": "discriminator-first", "d_steps": 2}),
}


class PlainGAN:
    def generator(self, real, fake):
        return nn.functional.softplus(-fake).mean()

    def discriminator(self, real, fake):
        return nn.functional.softplus(-real).mean() + nn.functional.softplus(fake).mean()


def with_adam(network):
    optimizer = build_optimizer(BoundOptimizer("Adam"), network, 1e-2)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    return NetworkWithOptimizer(network, network, optimizer, scaler, 1e-2)


def game(adversarial):
    torch.manual_seed(0)
    generator = nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1), nn.BatchNorm2d(12), nn.PixelShuffle(2)
    )
    critic = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.Conv2d(8, 1, 3))
    return NetworkPair(with_adam(generator), with_adam(critic) if adversarial else None)


def played(order, processes, turns, learns=lambda step: True):
    """Take ten steps of a stage; return the weights, buffers and values that come of it."""
    adversarial, fields = ORDERS[order]
    terms = (WeightedLoss("gan", 0.1, PlainGAN()),) if adversarial else ()
    objective = Objective((WeightedLoss("l1", 1.0, Mean()),), terms, lambda logits: logits)
    document = {"generator": "x", "stages": [{"loss": "l1", "steps": 1} | fields]}
    of_stage, networks = recipe_from_dict(document).stages[0], game(adversarial)
    torch.manual_seed(1)
    values = []
    for step in range(10):
        given = StepContext(of_stage, objective, processes, step, (), learns(step))
        values.append(train_step(networks, given, examples(), turns))
    state = {
        f"{role}.{name}": tensor
        for role, one in networks.by_name().items()
        for name, tensor in one.module.state_dict().items()
    }
    return state, [{name: value.item() for name, value in one.items()} for one in values]


@pytest.mark.parametrize("order", ORDERS)
def test_a_replayed_step_is_the_step(order, processes, monkeypatch):
    stand_in(monkeypatch)
    captures = list[CapturedStep]()

    def capture(networks, context, given):
        with taken_back(*networks.by_name().values()):
            captures.append(step_graphs.capture_step(networks, context, given))
        return captures[-1]

    eager = played(order, processes, turns_of)
    monkeypatch.setattr(step_graphs, "counts_on_the_host", lambda network: False)
    notes = list[str]()
    replayed = played(order, processes, StepGraphs(notes.append, capture))
    assert notes == []
    assert [len(one.turns) for one in captures] == [
        {"d-steps": 2, "discriminator-first": 3}.get(order, 1)
    ]
    assert replayed[1] == eager[1]
    for name, tensor in eager[0].items():
        assert torch.equal(tensor, replayed[0][name]), name


@pytest.mark.parametrize("order", ["generator-first", "discriminator-first"])
def test_processes_average_once_for_all_microbatches(order, processes):
    """DDP averages in each backward pass that is not under its `no_sync`."""
    networks = game(adversarial=True)
    alone = {role: [] for role in networks.by_name()}

    def counted(role, network):
        @contextmanager
        def no_sync():
            alone[role].append(True)
            yield
            alone[role].append(False)

        network.module.no_sync = no_sync

    for role, network in networks.by_name().items():
        counted(role, network)
    document = {
        "generator": "x",
        "stages": [{"loss": "l1", "steps": 1, "accumulate": 4, "order": order}],
    }
    terms = (WeightedLoss("gan", 0.1, PlainGAN()),)
    objective = Objective((WeightedLoss("l1", 1.0, Mean()),), terms, lambda logits: logits)
    hr = torch.rand(4, 3, 16, 16)
    given = StepContext(recipe_from_dict(document).stages[0], objective, processes, 1)
    train_step(networks, given, Examples(torch.rand(4, 3, 8, 8), hr, hr))
    assert alone == dict.fromkeys(alone, [True, False] * 3)
