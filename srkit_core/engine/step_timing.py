"""What does a step of each stage cost on this machine, and how fast do pictures arrive?"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import torch

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.binding import BoundComponent
from srkit_core.data.dataset import Batch, CropDataset
from srkit_core.data.examples import make_examples
from srkit_core.data.loader import batch_indices, training_batches
from srkit_core.data.picture import Picture
from srkit_core.devices import peak_memory_mb
from srkit_core.engine.machine.processes import Processes, open_processes
from srkit_core.engine.memory_hint import less_memory_hint
from srkit_core.engine.networks import build_for_training
from srkit_core.engine.objective import build_objective
from srkit_core.engine.optimizer import NetworkPair, NetworkWithOptimizer, with_optimizer
from srkit_core.engine.run_context import build_lr_maker, crop_rule, loader_workers
from srkit_core.engine.step_graphs import WARM, turns_on
from srkit_core.engine.step_turn import StepContext
from srkit_core.engine.train_step import train_step
from srkit_core.oom import oom_guard
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.plan import Plan, StagePlan
from srkit_core.run_options import RunOptions
from srkit_core.specs import GeneratorSpec

_FEW_BATCHES: Final = 12
_FEW_SECONDS: Final = 3.0


@dataclass(frozen=True)
class StepTiming:
    """What one step of a stage takes when algorithms are chosen, and on a GPU the step is captured:
    wall-clock seconds, and the peak memory of the process or GPU so far, in MiB.

    `drawn` is how many pictures a second come out of the loader with LR made, None where there
    were no pictures; `own_process` says whether the loader has processes of its own, or works in
    turns with the networks. `alone` are the seconds of a step in which the discriminator learns
    alone, None where there is no such step.
    """

    stage: str
    batch: int
    seconds: float
    memory_mb: float
    drawn: float | None
    own_process: bool
    alone: float | None = None

    @property
    def computed(self) -> float:
        """How many pictures a second the networks take."""
        return self.batch / self.seconds

    @property
    def bottleneck(self) -> str:
        """What a run waits for: the part that takes fewer pictures a second."""
        return "loader" if self.drawn is not None and self.drawn < self.computed else "networks"

    @property
    def expected(self) -> float:
        """How many pictures a second a run will train on, while both networks learn."""
        return self.batch / self._whole(self.seconds)

    def duration(self, steps: int, alone: int = 0) -> float:
        """Return how many seconds so many steps of a run will take, pictures included, in `alone`
        of which the discriminator learns alone.
        """
        each = self.seconds if self.alone is None else self.alone
        return (steps - alone) * self._whole(self.seconds) + alone * self._whole(each)

    def _whole(self, computing: float) -> float:
        """Return the seconds of a step with its pictures, whose networks take so many."""
        if self.drawn is None:
            return computing
        drawing = self.batch / self.drawn
        return max(drawing, computing) if self.own_process else drawing + computing


def time_stages(
    plan: Plan, options: RunOptions, pictures: Sequence[Picture] = ()
) -> Iterator[StepTiming]:
    """Build a recipe, take a few steps of each stage on noise, and draw its first batches.

    Nothing is written. Raises OutOfMemoryError when a stage does not fit.
    """
    with open_processes(options.device, options.precision) as processes:
        workers = loader_workers(options.workers, processes, processes.cpus())
        for number, stage in enumerate(plan.stages):
            drawn = (
                _drawn_a_second(plan, number, pictures, workers, processes) if pictures else None
            )
            body = plan.generator.spec(GeneratorSpec).body
            recomputes = bool(body) and not options.recompute
            hint = less_memory_hint(stage.stage, processes.world, recomputes=recomputes)
            with oom_guard(hint):
                seconds, alone = _step_seconds(plan, stage, options, processes)
            memory = peak_memory_mb(processes.device)
            fields = stage.stage
            yield StepTiming(fields.name, fields.batch, seconds, memory, drawn, workers > 0, alone)


def _step_seconds(
    plan: Plan, stage: StagePlan, options: RunOptions, processes: Processes
) -> tuple[float, float | None]:
    """Return the seconds of a step, and of one in which the discriminator learns alone."""
    fields, optimizer = stage.stage, stage.generator_optimizer
    generator = _optimized(plan.generator, optimizer, fields.lr, options, processes)
    discriminator = None
    if stage.adversarial and plan.discriminator:
        optimizer = stage.discriminator_optimizer
        discriminator = _optimized(plan.discriminator, optimizer, fields.lr, options, processes)
    pair = NetworkPair(generator, discriminator)
    objective = build_objective(stage, processes.device, processes.gather, processes.loss_autocast)
    noise = _noise(fields.batch, fields.patch, plan.recipe.scale, processes.device)

    turns = turns_on(processes, lambda note: None)

    def timed(learns: bool) -> float:
        for step in range(_warm_steps(processes) + 1):
            start = time.perf_counter()
            context = StepContext(fields, objective, processes, step + 1, trains_generator=learns)
            for value in train_step(pair, context, noise, turns).values():
                value.item()
        return time.perf_counter() - start

    waits = discriminator and (fields.freeze.count > 0 or fields.generator_every > 1)
    return timed(True), timed(False) if waits else None


def _warm_steps(processes: Processes) -> int:
    """Return after how many steps one is as all later ones: the first fills caches, and a GPU
    captures another.
    """
    return WARM + 1 if processes.backend.captures else 1


def _drawn_a_second(
    plan: Plan, number: int, pictures: Sequence[Picture], workers: int, processes: Processes
) -> float:
    """Return pictures a second over the first few batches after the first, which waits for
    processes to start.
    """
    rule, batch = crop_rule(plan, number), plan.stages[number].stage.batch
    lr_maker, samples = build_lr_maker(plan), CropDataset(pictures, rule)
    indices = batch_indices(0, _FEW_BATCHES, batch)
    pin = processes.backend.feeds
    batches = training_batches(samples, indices, workers=workers, pin=pin)
    rng = torch.Generator(processes.device).manual_seed(0)
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


def _optimized(
    bound: BoundComponent,
    optimizer: BoundOptimizer,
    rate: float,
    options: RunOptions,
    processes: Processes,
) -> NetworkWithOptimizer:
    network = build_for_training(bound, options, processes)
    return with_optimizer(network, optimizer, rate, processes.scaler())
