"""How does a plugin announce what is no component: a recipe, a command, a callback and the like?"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from srkit_core.specs.announced import FIRST_PARTY_LICENCE, AnnouncedSpec, FactorySpec


@dataclass(frozen=True, kw_only=True)
class RecipeSpec(AnnouncedSpec):
    """A recipe, for training or evaluation, in a TOML file that is installed with the plugin."""

    kind = "recipe"

    file: Path
    summary: str
    source: str = "empirical"


@dataclass(frozen=True, kw_only=True)
class CommandSpec(AnnouncedSpec):
    """A command of the command line, `srkit NAME`.

    `load` imports the function that does it and returns it: its parameters are arguments and
    options as Typer reads them, its docstring is the help. `example` is a whole command.
    """

    kind = "command"

    load: Callable[[], Callable[..., None]]
    summary: str
    example: str
    licence: str = FIRST_PARTY_LICENCE


@dataclass(frozen=True, kw_only=True)
class CallbackSpec(FactorySpec):
    """Somebody who is told what a training does: the factory returns a `Callback`."""

    kind = "callback"


@dataclass(frozen=True, kw_only=True)
class OptimizerSpec(FactorySpec):
    """An optimizer: the factory takes the parameters of a network, `params`, and `lr`, beside its
    options, and returns a `torch.optim.Optimizer`.
    """

    kind = "optimizer"


@dataclass(frozen=True, kw_only=True)
class ScheduleSpec(FactorySpec):
    """A schedule: the factory returns a function of a `StepPosition` that gives the factor of the
    stage's learning rate.
    """

    kind = "schedule"


@dataclass(frozen=True, kw_only=True)
class AugmentationSpec(FactorySpec):
    """A change of training samples: the factory is, or returns, an `Augmentation` of a phase."""

    kind = "augmentation"


@dataclass(frozen=True, kw_only=True)
class TrackerSpec(FactorySpec):
    """Somebody who keeps the figures and pictures of runs: the factory returns a tracker."""

    kind = "tracker"
