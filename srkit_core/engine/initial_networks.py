"""Which networks does a run begin with that were trained before, and with which optimizers?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from srkit_core.engine.checkpoints.checkpoint import read_progress, read_state
from srkit_core.errors import RecipeError, WeightsError
from srkit_core.home import at_home
from srkit_core.models.initial_weights import (
    InitialWeights,
    check_fits,
    read_initial,
    read_initial_discriminator,
    what_fits,
)
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.plan import Plan, StagePlan, plan
from srkit_core.pretrained import DownloadProgress
from srkit_core.recipe import Recipe
from srkit_core.recipe_files import read_run_recipe
from srkit_core.registry import Registry
from srkit_core.run_folder import DISCRIMINATOR, RunFolder
from srkit_core.run_options import RunOptions

if TYPE_CHECKING:
    from srkit_core.engine.optimizer import NetworkPair

_GENERATOR: Final = "generator"


@dataclass(frozen=True)
class InitialNetworks:
    """What the networks of a run begin from; None: from initial weights of the run's seed.

    `optimizers` are the checkpoints whose optimizer states go on, by role.
    """

    generator: InitialWeights | None = None
    discriminator: InitialWeights | None = None
    optimizers: tuple[tuple[str, Path], ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say about them."""
        named = [one.notes for one in (self.generator, self.discriminator) if one]
        said = tuple(note for notes in named for note in notes)
        kept = (f"the optimizer of the {role} goes on from {at}" for role, at in self.optimizers)
        return (*said, *kept)

    def restore_optimizers(self, pair: "NetworkPair") -> None:
        """Let the optimizers of a run's first stage go on from where they were."""
        for role, folder in self.optimizers:
            pair.by_name()[role].restore(read_state(folder, f"{role}-optimizer"))


def read_initial_networks(
    asked: Recipe,
    planned: Plan,
    options: RunOptions,
    registry: Registry,
    report: DownloadProgress | None = None,
) -> InitialNetworks:
    """Return what a run begins from, once it is known to fit; `asked` is the recipe as a person
    wrote it.

    Raises RecipeError for flags that say nothing here, WeightsError for weights that do not fit.
    """
    _check_flags(planned, options)
    given = _of_checkpoints(options) if options.init_optimizers else options
    generator = discriminator = None
    if given.init is not None:
        initial, names = read_initial(given.init, registry, report), dict(asked.generator.options)
        wanted, scale = planned.generator, planned.recipe.scale
        fits = () if options.init_partial else check_fits(initial, wanted, scale, names)
        initial = what_fits(initial, wanted) if options.init_partial else initial
        generator = replace(initial, notes=(*initial.notes, *fits))
    if given.init_disc is not None and planned.discriminator and asked.discriminator:
        initial = read_initial_discriminator(given.init_disc, registry, report)
        wanted, names = planned.discriminator, dict(asked.discriminator.options)
        fits = () if options.init_partial else check_fits(initial, wanted, 0, names)
        initial = what_fits(initial, wanted) if options.init_partial else initial
        discriminator = replace(initial, notes=(*initial.notes, *fits))
    optimizers = tuple(_optimizers(planned, given, registry)) if options.init_optimizers else ()
    return InitialNetworks(generator, discriminator, optimizers)


def _check_flags(planned: Plan, options: RunOptions) -> None:
    """Refuse flags that have nothing to act on."""
    if options.init_disc is not None and planned.discriminator is None:
        raise RecipeError(
            f"--init-disc brings a discriminator, and the recipe '{planned.recipe.name}' has none",
            hint="leave it out, or --disc E with an adversarial loss",
        )
    first = next((one.stage for one in planned.stages if one.adversarial), None)
    if options.init_disc is not None and first and first.discriminator_from == "fresh":
        raise RecipeError(
            f"stage '{first.name}' begins with a fresh discriminator, and --init-disc brings one",
            hint=f"--set stages.{first.name}.discriminator_from=last",
        )
    for name in ("init_partial", "init_optimizers"):
        if getattr(options, name) and options.init is None and options.init_disc is None:
            flag = f"--{name.replace('_', '-')}"
            raise RecipeError(
                f"{flag} says how initial weights are taken, and there are none",
                hint=f"{flag} with --init or --init-disc",
            )
    if options.init_partial and options.init_optimizers:
        raise RecipeError(
            "an optimizer goes on with whole networks only, and --init-partial takes what fits",
            hint="leave out --init-partial or --init-optimizers",
        )


def _of_checkpoints(options: RunOptions) -> RunOptions:
    """Return options that name the networks in the newest checkpoints of the runs they name."""
    init, init_disc = options.init, options.init_disc
    generator = None if init is None else _newest(init) / f"{_GENERATOR}.safetensors"
    critic = None if init_disc is None else _newest(init_disc) / f"{DISCRIMINATOR}.safetensors"
    return replace(options, init=generator, init_disc=critic)


def _newest(word: str | Path) -> Path:
    run = RunFolder(at_home(Path(word)))
    checkpoints = run.checkpoints()
    if not checkpoints:
        raise WeightsError(
            f"--init-optimizers takes a run folder with a checkpoint, and {word} is none",
            hint="--init RUN, the folder that srkit train wrote",
        )
    read_progress(checkpoints[-1])
    return checkpoints[-1]


def _optimizers(planned: Plan, given: RunOptions, registry: Registry) -> Iterator[tuple[str, Path]]:
    """Yield whose optimizer goes on from which checkpoint; raises RecipeError where it is another
    one, or takes no part in the first stage.
    """
    first = planned.stages[0]
    for role, file in ((_GENERATOR, given.init), (DISCRIMINATOR, given.init_disc)):
        if file is None:
            continue
        folder = Path(file).parent
        before = _stage_of(folder, registry)
        if role == DISCRIMINATOR and not (first.adversarial and before.adversarial):
            which = first if not first.adversarial else before
            raise RecipeError(
                f"stage '{which.stage.name}' has no discriminator whose optimizer could go on",
                hint="leave out --init-optimizers",
            )
        then, now = (_optimizer(stage, role) for stage in (before, first))
        if str(then) != str(now):
            raise RecipeError(
                f"the optimizer of the {role} was {then} in {folder}, and here it is {now}",
                hint="the same optimizer, or leave out --init-optimizers",
            )
        yield role, folder


def _stage_of(checkpoint: Path, registry: Registry) -> StagePlan:
    run = RunFolder(checkpoint.parent.parent)
    number = read_progress(checkpoint).position.stage
    return plan(read_run_recipe(run), registry).stages[number]


def _optimizer(stage: StagePlan, role: str) -> BoundOptimizer:
    return stage.generator_optimizer if role == _GENERATOR else stage.discriminator_optimizer
