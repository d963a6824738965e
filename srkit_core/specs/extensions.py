"""How does a plugin announce what is no component: a recipe, a callback and the like?"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from srkit_core.announced import AnnouncedSpec
from srkit_core.field_bounds import AtLeast, Ending, OneLine, Prose
from srkit_core.specs.factories import FactorySpec


@dataclass(frozen=True, kw_only=True)
class RecipeSpec(AnnouncedSpec):
    """A recipe, for training or evaluation, in a TOML file that is installed with the plugin."""

    kind = "recipe"

    file: Path
    summary: OneLine
    source: Prose = "empirical"


@dataclass(frozen=True, kw_only=True)
class CallbackSpec(FactorySpec):
    """Somebody who is told what a training does: the factory returns a `Callback`."""

    kind = "callback"


@dataclass(frozen=True, kw_only=True)
class OptimizerSpec(FactorySpec):
    """An optimizer: the factory takes its options alone and returns a function of the parameters
    of a network and their learning rate that makes the `torch.optim.Optimizer`.
    """

    kind = "optimizer"


@dataclass(frozen=True, kw_only=True)
class ScheduleSpec(FactorySpec):
    """A schedule: the factory returns a function of a `StepPosition` that gives the factor of the
    stage's learning rate. It is called when a recipe is checked, without torch.

    `figure_option` names the option, if any, that says by which figure of validation it goes: one
    that is not measured is refused, and a resumed run has to be validated as often as before.
    """

    kind = "schedule"
    figure_option: str = ""


@dataclass(frozen=True, kw_only=True)
class AugmentationSpec(FactorySpec):
    """A change of training samples: the factory is an `Augmentation` of a phase, whose fields are
    the options, or a function that says with its return type of which phase it makes one. It is
    called when a recipe is checked, without torch.
    """

    kind = "augmentation"


@dataclass(frozen=True, kw_only=True)
class TrackerSpec(FactorySpec):
    """Somebody who keeps the figures and pictures of runs: the factory returns a `Tracker`."""

    kind = "tracker"


@dataclass(frozen=True, kw_only=True)
class FormatSpec(FactorySpec):
    """A format of picture files: the factory returns a `PictureFormat`.

    `endings` are in lower case with their point, the usual one first; files with them count as
    pictures in folders. A file is of this format when nothing of srkit's own reads it, and it
    begins with one of `starts` or `sniff` says so of its first 256 bytes. `written` are the
    endings under which it is also written.
    """

    kind = "format"

    endings: Annotated[tuple[Ending, ...], AtLeast(1)]
    starts: tuple[bytes, ...] = ()
    sniff: Callable[[bytes], bool] | None = None
    written: tuple[Ending, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataSourceSpec(FactorySpec):
    """Where pictures are that are not files here: the factory returns a `PictureSource`.

    Its name is the scheme of its addresses: `mydb` reads `--data mydb://shelf/photos`.
    """

    kind = "data-source"
