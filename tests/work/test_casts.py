"""How often is what cast in a step of bf16?

By autocast's rules for a CPU; test_casts_on_a_card.py asks those of a card.
"""

from collections import Counter

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.finite_check import CheckLater
from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.networks import build_for_training
from srkit_core.engine.objective import build_objective
from srkit_core.engine.optimizer import NetworkPair, with_optimizer
from srkit_core.engine.step_turn import StepContext
from srkit_core.engine.train_step import train_step
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions

LOSS = "0.01*l1 + vgg(layer=conv1_2, weights=random) + 0.005*"
SIDE, LR_SIDE = 32, 8
PICTURES, LR_PICTURES = (2, 3, SIDE, SIDE), (2, 3, LR_SIDE, LR_SIDE)


class Casts(TorchDispatchMode):
    """Counts casts of weights by name, of other tensors in forward passes by shape, and reads."""

    def __init__(self, names):
        super().__init__()
        self.names, self.weights, self.tensors = names, Counter(), Counter()
        self.reads, self.gradients = 0, Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made, name = function(*args, **(kwargs or {})), str(function)
        self.reads += name in {"aten._local_scalar_dense.default", "aten.nonzero.default"}
        if name in {"aten._to_copy.default", "aten.copy_.default"}:
            given = args[0] if name == "aten._to_copy.default" else args[1]
            if given.dtype != made.dtype:
                self._count(given, made)
        return made

    def _count(self, given, made):
        owner = self.names.get(given.untyped_storage().data_ptr())
        if torch._C._current_graph_task_id() >= 0:
            self.gradients[tuple(given.shape), given.dtype] += 1
        elif owner:
            self.weights[owner] += 1
        else:
            self.tensors[tuple(given.shape), given.dtype] += 1


def counted(discriminator, adversarial, precision="bf16"):
    """Count in the second step of a small ESRGAN."""
    stage = {"loss": LOSS + adversarial, "steps": 1, "batch": 2, "patch": SIDE}
    networks = {"generator": "rrdb(blocks=1, features=8, growth=4)", "discriminator": discriminator}
    planned = plan(recipe_from_dict(networks | {"stages": [stage]}), discover())
    bound = planned.stages[0]
    options = RunOptions(out="unused", device="cpu")
    with open_processes("cpu", precision) as processes:
        both = [
            build_for_training(one, options, processes)
            for one in (planned.generator, planned.discriminator)
        ]
        optimizers = (bound.generator_optimizer, bound.discriminator_optimizer)
        pair = NetworkPair(
            *(
                with_optimizer(one, optimizer, 1e-4, processes.scaler())
                for one, optimizer in zip(both, optimizers, strict=True)
            )
        )
        objective = build_objective(
            bound, processes.device, processes.gather, processes.loss_autocast
        )
        hr, lr = torch.rand(PICTURES), torch.rand(LR_PICTURES)
        hr, lr = (one.contiguous(memory_format=torch.channels_last) for one in (hr, lr))
        names = {
            parameter.untyped_storage().data_ptr(): f"{role}.{name}"
            for role, one in zip("GD", both, strict=True)
            for name, parameter in one.module.named_parameters()
        }
        casts = Casts(names)
        later = CheckLater(lambda values: lambda: values)
        for number in range(2):
            context = StepContext(bound.stage, objective, processes, number)
            if number:
                with casts:
                    train_step(pair, context, Examples(lr, hr, hr), check=later)
            else:
                train_step(pair, context, Examples(lr, hr, hr), check=later)
    return casts


@pytest.mark.parametrize(
    ("discriminator", "adversarial", "weights"),
    [("vgg(features=4)", "ragan", 42 + 20), ("unet-sn(features=4)", "gan", 42 + 4)],
)
def test_each_weight_is_cast_once_and_pictures_never_back(discriminator, adversarial, weights):
    casts = counted(discriminator, adversarial)
    assert set(casts.weights.values()) == {1}
    assert len(casts.weights) == weights
    assert casts.tensors[PICTURES, torch.float32] == 2, "HR for the discriminator and for VGG"
    assert casts.tensors[PICTURES, torch.bfloat16] == 1, "SR for losses of pixels"
    assert casts.tensors[LR_PICTURES, torch.float32] == 1
    assert casts.reads == 0


def test_float32_casts_nothing():
    casts = counted("unet-sn(features=4)", "gan", "fp32")
    assert (casts.weights, casts.tensors, casts.gradients) == (Counter(), Counter(), Counter())
