"""What does a step of each stage cost on this machine?"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from srkit_core.binding import Part
from srkit_core.data.examples import Examples
from srkit_core.engine.devices import Devices, open_devices
from srkit_core.engine.objective import build_objective
from srkit_core.engine.player import Player, build_player
from srkit_core.engine.step import Players, Scene, train_step
from srkit_core.engine.tracking import peak_memory_mb
from srkit_core.learning import Optimiser
from srkit_core.machine import DeviceName, PrecisionName
from srkit_core.parts.build import build_network, place
from srkit_core.plan import Plan, StagePlan


@dataclass(frozen=True)
class Trial:
    """What one step of a stage took: wall-clock seconds, and the peak memory of the process or GPU so far, in MiB."""

    stage: str
    seconds: float
    memory_mb: float


def try_stages(planned: Plan, *, device: DeviceName = "auto", precision: PrecisionName = "auto") -> Iterator[Trial]:
    """Build a recipe and take one step of each stage on uniform noise of the training size; nothing is written."""
    with open_devices(device, precision) as devices:
        for stage in planned.stages:
            yield _try(planned, stage, devices)


def _try(planned: Plan, stage: StagePlan, devices: Devices) -> Trial:
    fields, scale = stage.stage, planned.recipe.scale
    opponent = planned.discriminator if stage.adversarial else None
    players = Players(
        _player(planned.generator, fields.optimiser.generator, fields.lr, devices),
        _player(opponent, fields.optimiser.discriminator, fields.lr, devices) if opponent else None,
    )
    hr = torch.rand(fields.batch, 3, fields.patch, fields.patch, device=devices.device)
    lr = hr[..., ::scale, ::scale].contiguous(memory_format=torch.channels_last)
    objective = build_objective(stage, devices.device, devices.gather)
    start = time.perf_counter()
    values = train_step(players, fields, Scene(objective, devices, step=1), Examples(lr, hr, hr))
    values["loss/total"].item()
    return Trial(fields.name, time.perf_counter() - start, peak_memory_mb(devices.device))


def _player(part: Part, optimiser: Optimiser, rate: float, devices: Devices) -> Player:
    network = place(build_network(part), devices.device)
    return build_player(network, network, optimiser, rate, devices.scaler())
