"""What does a step of each stage cost on this machine, and how fast do pictures arrive?"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast

import torch
from torch import nn

from srkit_core.binding import BoundComponent
from srkit_core.data.examples import Examples, make_examples
from srkit_core.data.loader import Batch, Samples, batch_indices, training_batches
from srkit_core.data.picture import Picture
from srkit_core.engine.logs.csv_log import peak_memory_mb
from srkit_core.engine.machine.oom import less_memory_hint, oom_guard
from srkit_core.engine.machine.processes import Devices, open_devices
from srkit_core.engine.objective import build_objective
from srkit_core.engine.optimizer import NetworkWithOptimizer, with_optimizer
from srkit_core.engine.run_context import build_lr_maker, loader_workers
from srkit_core.engine.run_options import RunOptions
from srkit_core.engine.stage_run import crop_rule
from srkit_core.engine.train_step import NetworkPair, StepContext, train_step
from srkit_core.learning import OptimizerConfig
from srkit_core.models.build import build_network, to_device
from srkit_core.models.recompute import recompute
from srkit_core.plan import Plan, StagePlan

_FEW_BATCHES = 12
_FEW_SECONDS = 3.0


@dataclass(frozen=True)
class Trial:
    """What one step of a stage took, the second: wall-clock seconds, and the peak memory of the
    process or GPU so far, in MiB.

    `delivered` is how many pictures a second come out of the loader with LR made, None where there
    were no pictures; `own_process` says whether the loader has processes of its own, or works in
    turns with the networks.
    """

    stage: str
    batch: int
    seconds: float
    memory_mb: float
    delivered: float | None
    own_process: bool

    @property
    def trained(self) -> float:
        """How many pictures a second the networks take."""
        return self.batch / self.seconds

    @property
    def bottleneck(self) -> str:
        """What a run waits for: the part that takes fewer pictures a second."""
        return (
            "loader" if self.delivered is not None and self.delivered < self.trained else "networks"
        )

    @property
    def expected(self) -> float:
        """How many pictures a second a run will train on."""
        if self.delivered is None:
            return self.trained
        return (
            min(self.delivered, self.trained)
            if self.own_process
            else 1 / (1 / self.delivered + 1 / self.trained)
        )


def try_stages(
    planned: Plan, where: RunOptions, pictures: Sequence[Picture] = ()
) -> Iterator[Trial]:
    """Build a recipe, take two steps of each stage on noise, and draw its first batches.

    Nothing is written.

    Raises OutOfMemoryError when a stage does not fit.
    """
    with open_devices(where.device, where.precision) as devices:
        workers = loader_workers(where.workers, devices)
        for number, stage in enumerate(planned.stages):
            delivered = (
                _delivered(planned, number, pictures, workers, devices) if pictures else None
            )
            with oom_guard(less_memory_hint(stage.stage, devices.world)):
                seconds = _step_seconds(planned, stage, where, devices)
            memory = peak_memory_mb(devices.device)
            yield Trial(
                stage.stage.name, stage.stage.batch, seconds, memory, delivered, workers > 0
            )


def _step_seconds(planned: Plan, stage: StagePlan, where: RunOptions, devices: Devices) -> float:
    fields = stage.stage
    opponent = planned.discriminator if stage.adversarial else None
    players = NetworkPair(
        _player(
            planned.generator,
            fields.optimizer.generator,
            fields.lr,
            where,
            devices,
            recomputed=where.recompute,
        ),
        _player(opponent, fields.optimizer.discriminator, fields.lr, where, devices)
        if opponent
        else None,
    )
    objective = build_objective(stage, devices.device, devices.gather)
    noise = _noise(fields.batch, fields.patch, planned.recipe.scale, devices.device)
    for step in (1, 2):  # the first one also chooses algorithms and fills caches
        start = time.perf_counter()
        values = train_step(players, fields, StepContext(objective, devices, step), noise)
        values["loss/total"].item()
    return time.perf_counter() - start


def _delivered(
    planned: Plan, number: int, pictures: Sequence[Picture], workers: int, devices: Devices
) -> float:
    """Return pictures a second over the first few batches after the first, which waits for
    processes to start.
    """
    rule, lr_maker, batch = (
        crop_rule(planned, number),
        build_lr_maker(planned),
        planned.stages[number].stage.batch,
    )
    indices = batch_indices(0, _FEW_BATCHES, batch)
    batches = training_batches(
        Samples(pictures, rule), indices, workers=workers, pin=devices.device.type == "cuda"
    )
    rng = torch.Generator(devices.device).manual_seed(0)
    make_examples(next(batches), rule, lr_maker, rng)
    start, drawn = time.perf_counter(), 0
    for one in _for_seconds(batches):
        make_examples(one, rule, lr_maker, rng)
        drawn += 1
    return batch * drawn / (time.perf_counter() - start)


def _for_seconds(batches: Iterator[Batch]) -> Iterator[Batch]:
    end = time.perf_counter() + _FEW_SECONDS
    for batch in islice(batches, _FEW_BATCHES):
        yield batch
        if time.perf_counter() > end:
            return


def _noise(batch: int, patch: int, scale: int, device: torch.device) -> Examples:
    hr = torch.rand(batch, 3, patch, patch, device=device).contiguous(
        memory_format=torch.channels_last
    )
    return Examples(hr[..., ::scale, ::scale].contiguous(memory_format=torch.channels_last), hr, hr)


def _player(
    bound: BoundComponent,
    optimizer: OptimizerConfig,
    rate: float,
    where: RunOptions,
    devices: Devices,
    *,
    recomputed: bool = False,
) -> NetworkWithOptimizer:
    network = to_device(build_network(bound), devices.device)
    if recomputed:
        recompute(network, bound)
    call = cast(nn.Module, torch.compile(network)) if where.compile else network
    return with_optimizer(network, call, optimizer, rate, devices.scaler())
