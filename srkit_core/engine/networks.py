"""Which networks does a run train, and what is its result?"""

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import nn

from srkit_core.binding import BoundComponent
from srkit_core.engine.ema import start_average
from srkit_core.engine.initial_networks import InitialNetworks
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.seeds import seed_for
from srkit_core.models.batch_norm import sum_by_columns
from srkit_core.models.build import build_network, to_device
from srkit_core.models.compiled_blocks import compile_blocks
from srkit_core.models.convolution import reorder_weight_gradients
from srkit_core.models.derived_weights import derive_in_float32
from srkit_core.models.recompute import recompute
from srkit_core.plan import Plan, StagePlan
from srkit_core.run_options import RunOptions


@dataclass(frozen=True)
class TrainableNetwork:
    """A network to train, what training calls (the same, or its DDP face in several processes),
    and the full name of its component.
    """

    module: nn.Module
    call: nn.Module
    owner: str


@dataclass(frozen=True)
class Networks:
    """The networks of a run; `average` is the moving average (EMA) of the generator's weights."""

    generator: TrainableNetwork
    discriminator: TrainableNetwork | None
    average: nn.Module | None = None

    @property
    def result(self) -> nn.Module:
        """The generator to validate and save: the moving average where there is one."""
        return self.generator.module if self.average is None else self.average

    def by_name(self) -> dict[str, nn.Module]:
        """The networks to save, by the names of their files."""
        named = {"generator": self.generator.module, "ema": self.average}
        named["discriminator"] = self.discriminator.module if self.discriminator else None
        return {name: network for name, network in named.items() if network is not None}


def build_networks(
    plan: Plan, options: RunOptions, processes: Processes, initial: InitialNetworks
) -> Networks:
    """Build the networks of a run on its device, from initial weights where there are any."""
    seed = plan.recipe.seed
    generator = build_for_training(plan.generator, options, processes, seed_for(seed, "generator"))
    if initial.generator:
        initial.generator.fill(generator.module)
    if plan.discriminator is None:
        return Networks(generator, None)
    seed = seed_for(seed, "discriminator")
    discriminator = build_for_training(plan.discriminator, options, processes, seed)
    if initial.discriminator:
        initial.discriminator.fill(discriminator.module)
    return Networks(generator, discriminator)


def build_for_training(
    bound: BoundComponent, options: RunOptions, processes: Processes, seed: int = 0
) -> TrainableNetwork:
    """Build one network for training: in train mode, recomputed, distributed and compiled where
    that is asked for: the repeated blocks of a generator, where it names them, else the whole.
    """
    built = build_network(bound, seed=seed)
    compile_whole = options.compile and not compile_blocks(built, bound)
    if options.recompute and bound.component.kind == "generator":
        recompute(built, bound)
    if processes.device.type == "cpu":
        reorder_weight_gradients(sum_by_columns(built))
    derive_in_float32(built)
    module = to_device(built.train(), processes.device)
    call = processes.distribute(module)
    compiled = cast(nn.Module, torch.compile(call)) if compile_whole else call
    return TrainableNetwork(module, compiled, bound.component.full_name)


def begin_discriminator(plan: Plan, networks: Networks, number: int) -> None:
    """Give the discriminator initial weights of a seed of its own, where a stage wants that."""
    wanted = plan.stages[number].stage.discriminator_from == "fresh"
    if wanted and plan.discriminator and networks.discriminator:
        seed = seed_for(plan.recipe.seed, "discriminator", number + 1)
        fresh = build_network(plan.discriminator, seed=seed)
        networks.discriminator.module.load_state_dict(fresh.state_dict())


def with_average(networks: Networks, stage: StagePlan) -> Networks:
    """Return the networks as a stage needs them: with a moving average, continued or begun, or
    without one.
    """
    if stage.stage.ema is None:
        return replace(networks, average=None)
    if networks.average is not None:
        return networks
    return replace(networks, average=start_average(networks.generator.module))
