"""What is alive during one stage, and when is what due in it?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from torch import nn

from srkit_core.data.examples import LrMaker
from srkit_core.data.mixture import Mixture
from srkit_core.data.patches import CropRule
from srkit_core.data.picture import Picture
from srkit_core.engine.checkpoints.run_folder import RunFolder
from srkit_core.engine.ema import start_average
from srkit_core.engine.events import Listener
from srkit_core.engine.gan_monitor import GanMonitor
from srkit_core.engine.logs.csv_log import Log
from srkit_core.engine.logs.curves.curves_file import Curves
from srkit_core.engine.logs.trackers import Trackers
from srkit_core.engine.machine.processes import Devices
from srkit_core.engine.objective import Objective, build_objective
from srkit_core.engine.optimizer import NetworkWithOptimizer, with_optimizer
from srkit_core.engine.pool import Pool
from srkit_core.engine.train_step import NetworkPair
from srkit_core.engine.validator import Validator
from srkit_core.fields import Span
from srkit_core.learning import OptimizerConfig
from srkit_core.plan import Plan, StagePlan
from srkit_core.pretrained import Found

LEAST_VALIDATION_INTERVAL = 200


@dataclass(frozen=True)
class RunContext:
    """What stays the same during a run."""

    plan: Plan
    folder: RunFolder
    devices: Devices
    pictures: Sequence[Picture]
    lr_maker: LrMaker
    validator: Validator
    log: Log
    curves: Curves
    listener: Listener
    workers: int
    versions: Mapping[str, str]
    networks: tuple[Found, ...]
    trackers: Trackers = field(default_factory=Trackers)

    @property
    def crops(self) -> int:
        """How many crops an epoch has: one of every picture, unless weights say otherwise."""
        return Mixture.of(self.pictures).length


@dataclass(frozen=True)
class Network:
    """A network and what training calls: the same, or its DDP face in several processes."""

    module: nn.Module
    call: nn.Module


@dataclass(frozen=True)
class Networks:
    """The networks of a run."""

    generator: Network
    discriminator: Network | None
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


@dataclass(frozen=True)
class StageIntervals:
    """When things are due in a stage, in steps."""

    length: int
    steps_per_epoch: int
    log: int
    validate: int
    checkpoint: int
    kept: frozenset[int] = frozenset()

    def due(self, interval: int, step: int) -> bool:
        """Whether something with an interval is due after step number `step`, from 1.

        Always at the end.
        """
        return step % interval == 0 or step == self.length

    def logs(self, step: int) -> bool:
        """Whether a row is due; the first and last step are always logged."""
        return step == 1 or self.due(self.log, step)


@dataclass(frozen=True)
class StageRun:
    """A stage with its losses and optimizers built."""

    number: int
    plan: StagePlan
    intervals: StageIntervals
    rule: CropRule
    objective: Objective
    players: NetworkPair
    pool: Pool
    watch: GanMonitor = field(default_factory=GanMonitor)

    def by_name(self) -> dict[str, NetworkWithOptimizer]:
        """The players by the names of their networks."""
        named = {"generator": self.players.generator, "discriminator": self.players.discriminator}
        return {name: player for name, player in named.items() if player is not None}


def intervals(stage: StagePlan, crops: int) -> StageIntervals:
    """Return when things are due in a stage whose epochs have so many crops.

    Without an interval, validation and checkpoints come every epoch, at least 200 steps apart.
    """
    fields = stage.stage
    epoch = ceil(crops / fields.batch)
    length = fields.length.steps(epoch)
    usual = Span(max(epoch, LEAST_VALIDATION_INTERVAL))
    validate = (fields.validate_every or usual).steps(epoch)
    checkpoint = (fields.checkpoint_every or Span(validate)).steps(epoch)
    kept = frozenset(span.steps(epoch) for span in fields.keep_weights_at)
    return StageIntervals(length, epoch, fields.log_every.steps(epoch), validate, checkpoint, kept)


def all_intervals(plan: Plan, crops: int) -> list[StageIntervals]:
    """Return the calendar of every stage."""
    return [intervals(stage, crops) for stage in plan.stages]


def open_stage_run(setting: RunContext, networks: Networks, number: int) -> StageRun:
    """Build what a stage needs: its losses, and an optimizer for each network that takes part."""
    stage = setting.plan.stages[number]
    generator = _player(networks.generator, stage, stage.stage.optimizer.generator, setting.devices)
    opponent = networks.discriminator if stage.adversarial else None
    discriminator = (
        _player(opponent, stage, stage.stage.optimizer.discriminator, setting.devices)
        if opponent
        else None
    )
    return StageRun(
        number=number,
        plan=stage,
        intervals=intervals(stage, setting.crops),
        rule=crop_rule(setting.plan, number),
        objective=build_objective(stage, setting.devices.device, setting.devices.gather),
        players=NetworkPair(generator, discriminator),
        pool=Pool(stage.stage.pool),
    )


def crop_rule(plan: Plan, number: int) -> CropRule:
    """Return how crops of a stage are drawn."""
    recipe, stage = plan.recipe, plan.stages[number]
    return CropRule(
        stage.stage.patch, recipe.scale, plan.margin, recipe.seed, number, stage.augment
    )


def with_average(networks: Networks, stage: StagePlan) -> Networks:
    """Return the networks as a stage needs them: with a moving average, continued or begun, or
    without one.
    """
    if stage.stage.ema is None:
        return replace(networks, average=None)
    return (
        networks
        if networks.average is not None
        else replace(networks, average=start_average(networks.generator.module))
    )


def _player(
    network: Network, stage: StagePlan, optimizer: OptimizerConfig, devices: Devices
) -> NetworkWithOptimizer:
    return with_optimizer(network.module, network.call, optimizer, stage.stage.lr, devices.scaler())
