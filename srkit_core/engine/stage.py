"""What is alive during one stage, and when is what due in it?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from torch import nn

from srkit_core.data.examples import Making
from srkit_core.data.mixture import Mixture
from srkit_core.data.patches import CropRule
from srkit_core.data.picture import Picture
from srkit_core.engine.curves.redraw import Curves
from srkit_core.engine.devices import Devices
from srkit_core.engine.ema import start_average
from srkit_core.engine.events import Listener
from srkit_core.engine.folder import RunFolder
from srkit_core.engine.health import Watch
from srkit_core.engine.objective import Objective, build_objective
from srkit_core.engine.player import Player, build_player
from srkit_core.engine.pool import Pool
from srkit_core.engine.step import Players
from srkit_core.engine.trackers import Trackers
from srkit_core.engine.tracking import Log
from srkit_core.engine.validate import Validator
from srkit_core.fields import Span
from srkit_core.learning import Optimiser
from srkit_core.plan import Plan, StagePlan
from srkit_core.pretrained import Found

LEAST_VALIDATION_INTERVAL = 200


@dataclass(frozen=True)
class Setting:
    """What stays the same during a run."""

    plan: Plan
    folder: RunFolder
    devices: Devices
    pictures: Sequence[Picture]
    making: Making
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
class Calendar:
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
class LiveStage:
    """A stage with its losses and optimisers built."""

    number: int
    plan: StagePlan
    calendar: Calendar
    rule: CropRule
    objective: Objective
    players: Players
    pool: Pool
    watch: Watch = field(default_factory=Watch)

    def named_players(self) -> dict[str, Player]:
        """The players by the names of their networks."""
        named = {"generator": self.players.generator, "discriminator": self.players.discriminator}
        return {name: player for name, player in named.items() if player is not None}


def calendar(stage: StagePlan, crops: int) -> Calendar:
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
    return Calendar(length, epoch, fields.log_every.steps(epoch), validate, checkpoint, kept)


def calendars(plan: Plan, crops: int) -> list[Calendar]:
    """Return the calendar of every stage."""
    return [calendar(stage, crops) for stage in plan.stages]


def open_stage(setting: Setting, networks: Networks, number: int) -> LiveStage:
    """Build what a stage needs: its losses, and an optimiser for each network that takes part."""
    stage = setting.plan.stages[number]
    generator = _player(networks.generator, stage, stage.stage.optimiser.generator, setting.devices)
    opponent = networks.discriminator if stage.adversarial else None
    discriminator = (
        _player(opponent, stage, stage.stage.optimiser.discriminator, setting.devices)
        if opponent
        else None
    )
    return LiveStage(
        number=number,
        plan=stage,
        calendar=calendar(stage, setting.crops),
        rule=crop_rule(setting.plan, number),
        objective=build_objective(stage, setting.devices.device, setting.devices.gather),
        players=Players(generator, discriminator),
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


def _player(network: Network, stage: StagePlan, optimiser: Optimiser, devices: Devices) -> Player:
    return build_player(network.module, network.call, optimiser, stage.stage.lr, devices.scaler())
