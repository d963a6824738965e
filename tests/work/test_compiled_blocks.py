"""Is one block compiled for all, and in training only? (test_compile.py runs the code)"""

import copy

import pytest
import torch
from torch._dynamo.testing import CompileCounter

from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.networks import build_for_training
from srkit_core.models import compiled_blocks
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions


@pytest.fixture
def counter(monkeypatch):
    """Count graphs, and run them as they are."""
    torch.compiler.reset()
    compiled_blocks._compiled.cache_clear()
    counted, real = CompileCounter(), torch.compile

    def compile_counted(forward, **options):
        return real(forward, backend=counted, **options)

    monkeypatch.setattr(torch, "compile", compile_counted)
    yield counted
    torch.compiler.reset()
    compiled_blocks._compiled.cache_clear()


def built(generator, **options):
    document = {"generator": generator, "stages": [{"loss": "l1", "steps": 1}]}
    planned = plan(recipe_from_dict(document), discover())
    given = RunOptions(out="unused", device="cpu", compile=True, **options)
    with open_processes("cpu", "fp32") as processes:
        return build_for_training(planned.generator, given, processes)


def learns(network, side=8):
    network.call(torch.rand(1, 3, side, side)).sum().backward()


@pytest.mark.parametrize(
    "generator",
    ["rrdb(features=8, growth=4, blocks=5)", "edsr(features=8, blocks=5)"],
)
def test_all_blocks_cost_one_compilation(generator, counter):
    network = built(generator)
    learns(network)
    learns(network)
    assert counter.frame_count == 1
    learns(network, side=12)
    assert counter.frame_count == 2


def test_a_recomputed_block_is_compiled_once_too(counter):
    learns(built("rrdb(features=8, growth=4, blocks=5)", recompute=True))
    assert counter.frame_count == 1


def test_a_network_without_blocks_is_compiled_whole(counter):
    network = built("srvgg(features=8, blocks=1)")
    learns(network)
    assert counter.frame_count == 1


def test_validation_compiles_nothing_and_uses_the_average_s_own_weights(counter):
    network = built("rrdb(features=8, growth=4, blocks=3)")
    learns(network)
    average = copy.deepcopy(network.module).eval()
    lr = torch.rand(1, 3, 8, 8)
    with torch.no_grad():
        for parameter in network.module.parameters():
            parameter.zero_()
        kept = average(lr)
        for side in (9, 10, 11):
            average(torch.rand(1, 3, side, side))
            network.module.eval()(torch.rand(1, 3, side, side))
    assert kept.abs().max() > 0
    assert counter.frame_count == 1


def test_weights_and_names_are_those_of_an_ordinary_network(counter):
    network = built("rrdb(features=8, growth=4, blocks=3)")
    lr = torch.rand(1, 3, 8, 8)
    compiled = network.call(lr)
    plain = network.module.eval()(lr)
    assert torch.equal(compiled, plain)
    assert not [name for name in network.module.state_dict() if "orig_mod" in name]
