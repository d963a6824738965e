"""What is built before the first step?"""

from pathlib import Path
from typing import cast

import torch
from torch import nn

from srkit_core.binding import BoundComponent
from srkit_core.data.examples import LrMaker
from srkit_core.engine.checkpoints.run_folder import RunFolder
from srkit_core.engine.events import Listener
from srkit_core.engine.logs.csv_log import Log, columns
from srkit_core.engine.logs.curves.curves_file import Curves
from srkit_core.engine.machine.processes import Devices
from srkit_core.engine.run_data import RunData
from srkit_core.engine.run_options import RunOptions
from srkit_core.engine.seeds import seed_for
from srkit_core.engine.stage_run import Network, Networks, RunContext
from srkit_core.engine.validator import Validator, metric_columns
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.scoring import build_metrics
from srkit_core.expressions import Call
from srkit_core.models.build import build_degradation, build_network, to_device
from srkit_core.models.model import Model
from srkit_core.models.recompute import recompute
from srkit_core.models.weights_file import fill, read_tensors, versions
from srkit_core.pinning import Pinned
from srkit_core.plan import Plan, bind_generator
from srkit_core.registry import Registry


def build_run_context(
    pinned: Pinned,
    folder: RunFolder,
    devices: Devices,
    pictures: RunData,
    where: RunOptions,
    registry: Registry,
    listener: Listener,
) -> RunContext:
    """Gather what stays the same during a run."""
    planned = pinned.plan
    recipe, lr_maker = planned.recipe, build_lr_maker(planned)
    border = recipe.scale if recipe.validation.border is None else recipe.validation.border
    sets = [
        *pictures.validation,
        *([""] if recipe.validation.on_training and "" not in pictures.validation else []),
    ]
    scores = metric_columns([term.label for term in planned.metrics], sets)
    names = columns(_loss_labels(planned), scores, adversarial=planned.discriminator is not None)
    return RunContext(
        plan=planned,
        folder=folder,
        devices=devices,
        pictures=pictures.training,
        lr_maker=lr_maker,
        validator=Validator(
            sets=pictures.validation,
            lr_maker=lr_maker,
            protocol=Protocol(recipe.validation.protocol, border),
            metrics=build_metrics(planned.metrics),
            baseline=_baseline(registry, recipe.scale),
            devices=devices,
            seed=recipe.seed,
            shown=recipe.validation.pictures,
        ),
        log=Log(folder.metrics, names),
        curves=Curves(
            folder,
            {term.label: term.spec for term in planned.metrics},
            listener,
            is_main=devices.is_main,
        ),
        listener=listener,
        workers=loader_workers(where.workers, devices),
        versions=versions(registry),
        networks=pinned.networks,
    )


def build_lr_maker(planned: Plan) -> LrMaker:
    """Build what happens to HR."""
    degrade, target = (
        build_degradation(one) if one else None for one in (planned.degradation, planned.target)
    )
    return LrMaker(degrade, target)


def _loss_labels(planned: Plan) -> list[str]:
    return list(dict.fromkeys(term.label for stage in planned.stages for term in stage.terms))


def _baseline(registry: Registry, scale: int) -> Model:
    bound = bind_generator(registry, Call("bicubic"), scale)
    return Model(build_network(bound), bound, scale)


def build_networks(setting: RunContext, where: RunOptions, init: Path | None) -> Networks:
    """Build the networks of a run on its device, the generator from initial weights where there are
    any.
    """
    planned = setting.plan
    generator = _network(setting, where, planned.generator, "generator")
    if init:
        fill(generator.module, read_tensors(init), init)
    discriminator = (
        _network(setting, where, planned.discriminator, "discriminator")
        if planned.discriminator
        else None
    )
    return Networks(generator, discriminator)


def _network(setting: RunContext, where: RunOptions, bound: BoundComponent, role: str) -> Network:
    built = build_network(bound, seed=seed_for(setting.plan.recipe.seed, role))
    if where.recompute and role == "generator":
        recompute(built, bound)
    module = to_device(built.train(), setting.devices.device)
    call = setting.devices.distribute(module)
    return Network(module, cast(nn.Module, torch.compile(call)) if where.compile else call)


def loader_workers(asked: int | None, devices: Devices) -> int:
    """Crops of cached pictures cost a CPU run nothing, so only a GPU gets processes of its own to
    feed it.
    """
    if asked is not None:
        return asked
    return min(8, torch.get_num_threads()) if devices.device.type == "cuda" else 0
