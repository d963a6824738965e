"""Is one block compiled for all, and in training only? (test_compile.py runs the code)"""

import copy

import pytest
import torch

from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.networks import build_for_training
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions


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
def test_all_blocks_cost_one_compilation(generator, compile_counter):
    network = built(generator)
    learns(network)
    learns(network)
    assert compile_counter.frame_count == 1
    learns(network, side=12)
    assert compile_counter.frame_count == 2


def test_a_recomputed_block_is_compiled_once_too(compile_counter):
    learns(built("rrdb(features=8, growth=4, blocks=5)", recompute=True))
    assert compile_counter.frame_count == 1


def test_a_network_without_blocks_is_compiled_whole(compile_counter):
    network = built("srvgg(features=8, blocks=1)")
    learns(network)
    assert compile_counter.frame_count == 1


def test_validation_compiles_nothing_and_uses_the_average_s_own_weights(compile_counter):
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
    assert compile_counter.frame_count == 1


def test_weights_and_names_are_those_of_an_ordinary_network(compile_counter):
    network = built("rrdb(features=8, growth=4, blocks=3)")
    lr = torch.rand(1, 3, 8, 8)
    compiled = network.call(lr)
    plain = network.module.eval()(lr)
    assert torch.equal(compiled, plain)
    assert not [name for name in network.module.state_dict() if "orig_mod" in name]
