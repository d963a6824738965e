"""What stays the same during a run?"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import torch

from srkit_core.data.examples import LrMaker
from srkit_core.data.kept_tensors import KeptTensors
from srkit_core.data.patches import CropRule
from srkit_core.engine.checkpoints.background_writer import BackgroundWriter
from srkit_core.engine.guarded_callbacks import GuardedCallbacks
from srkit_core.engine.intervals import StageIntervals, intervals_of
from srkit_core.engine.logs.columns import Column, columns
from srkit_core.engine.logs.csv_log import CsvLog
from srkit_core.engine.logs.curves.curves_file import CurvesFile
from srkit_core.engine.logs.logger import RunClock
from srkit_core.engine.logs.trackers import Trackers
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.run_data import RunData
from srkit_core.engine.scored_sets import open_scored_sets
from srkit_core.engine.validator import Validator, metric_column
from srkit_core.evaluation.tile_limit import TileLimit
from srkit_core.expressions import Call
from srkit_core.models.build import build_degradation, build_network
from srkit_core.models.model import Model
from srkit_core.own_names import OWN_BICUBIC
from srkit_core.pinning import Pinned
from srkit_core.plan import Plan, bind_generator
from srkit_core.pretrained import FoundWeights
from srkit_core.recipe import Recipe
from srkit_core.registry import Registry
from srkit_core.run_folder import RunFolder
from srkit_core.run_options import RunOptions
from srkit_core.upscaling.free_memory import free_host_bytes

_MOST_WORKERS: Final = 8
_KEPT_SHARE: Final = 4
"""All processes together keep a quarter of the memory that is free at the start (empirical)."""
_UNKNOWN_ROOM: Final = 2**30
"""Bytes to keep where no system says what is free."""


@dataclass(frozen=True)
class RunContext:
    """What stays the same during a run: what is trained, where, on what, and who is told; `cpus`
    are this process's own.
    """

    plan: Plan
    pretrained: tuple[FoundWeights, ...]
    registry: Registry
    options: RunOptions
    folder: RunFolder
    processes: Processes
    data: RunData
    lr_maker: LrMaker
    validator: Validator
    log: CsvLog
    curves: CurvesFile
    callbacks: GuardedCallbacks
    cpus: float
    trackers: Trackers = field(default_factory=Trackers)
    clock: RunClock = field(default_factory=RunClock)
    writer: BackgroundWriter = field(default_factory=BackgroundWriter)

    @property
    def recipe(self) -> Recipe:
        """The resolved recipe."""
        return self.plan.recipe

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self.processes.device

    @cached_property
    def intervals(self) -> tuple[StageIntervals, ...]:
        """When what is due, of every stage."""
        return tuple(intervals_of(stage, self.data.crops) for stage in self.plan.stages)

    @property
    def workers(self) -> int:
        """How many processes load pictures."""
        return loader_workers(self.options.workers, self.processes, self.cpus)


def open_run_context(
    pinned: Pinned,
    registry: Registry,
    options: RunOptions,
    folder: RunFolder,
    processes: Processes,
    data: RunData,
    callbacks: GuardedCallbacks,
) -> RunContext:
    """Gather what stays the same during a run."""
    plan = pinned.plan
    lr_maker = build_lr_maker(plan)
    specs = {label: term.spec for label, term in plan.validation.by_label.items()}
    return RunContext(
        plan=plan,
        pretrained=pinned.networks,
        registry=registry,
        options=options,
        folder=folder,
        processes=processes,
        data=data,
        lr_maker=lr_maker,
        validator=_build_validator(plan, registry, processes, data, lr_maker, callbacks),
        log=CsvLog(folder.metrics, _columns(plan, data)),
        curves=CurvesFile(folder, specs, callbacks, is_main=processes.is_main),
        callbacks=callbacks,
        cpus=processes.cpus(),
    )


def build_lr_maker(plan: Plan) -> LrMaker:
    """Build what happens to HR."""
    degrade, target = (
        build_degradation(one) if one else None for one in (plan.degradation, plan.target)
    )
    return LrMaker(degrade, target)


def crop_rule(plan: Plan, number: int) -> CropRule:
    """Return how crops of a stage are drawn."""
    recipe, stage = plan.recipe, plan.stages[number]
    return CropRule(stage.stage.patch, recipe.scale, plan.margin, recipe.seed, stage.augment)


def loader_workers(asked: int | None, processes: Processes, cpus: float) -> int:
    """Return how many processes load pictures where so many CPUs are this process's own.

    Crops of cached pictures cost a CPU run nothing, so only a device that has to be fed gets any.
    """
    if asked is not None:
        return asked
    return max(1, min(_MOST_WORKERS, int(cpus))) if processes.backend.feeds else 0


def _columns(plan: Plan, data: RunData) -> tuple[Column, ...]:
    losses = dict.fromkeys(term.label for stage in plan.stages for term in stage.terms)
    on_training = plan.recipe.validation.on_training and "" not in data.validation
    names = tuple(data.validation)
    first = plan.validation.deciding(names)  # the curves mark the best of the first
    others = [name for name in names if name not in first]
    metrics = [
        metric_column(label, name)
        for name in [*first, *others, *([""] if on_training else [])]
        for label in plan.validation.labels_of([name])
    ]
    return columns(list(losses), metrics, adversarial=plan.discriminator is not None)


def _build_validator(
    plan: Plan,
    registry: Registry,
    processes: Processes,
    data: RunData,
    lr_maker: LrMaker,
    callbacks: GuardedCallbacks,
) -> Validator:
    recipe = plan.recipe
    sets, usual = open_scored_sets(plan, data.validation, lr_maker)
    bicubic = bind_generator(registry, Call(OWN_BICUBIC), recipe.scale)
    return Validator(
        sets=sets,
        usual=usual,
        best_of=plan.validation.chosen(tuple(data.validation)),
        baseline=Model(build_network(bicubic), bicubic, recipe.scale),
        processes=processes,
        seed=recipe.seed,
        shown=recipe.validation.pictures,
        kept=KeptTensors(_room_for_pictures(processes)),
        limit=TileLimit(callbacks.on_note),
    )


def _room_for_pictures(processes: Processes) -> int:
    """Return how many bytes of its validation pictures a process keeps."""
    free = free_host_bytes()
    return _UNKNOWN_ROOM if free is None else free // _KEPT_SHARE // processes.world
