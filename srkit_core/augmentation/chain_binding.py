"""Do the steps of a chain of augmentations exist, fit their options and stand in their order?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from srkit_core.augmentation.names import phase_of
from srkit_core.augmentation.phases import PHASES, Augmentation, PixelAugmentation
from srkit_core.binding import as_value, bind_options
from srkit_core.errors import IncompatibleError, PluginError, SrkitError
from srkit_core.expressions import Call, Chain, Item, written
from srkit_core.options import options_of
from srkit_core.registry import Installed, Registry
from srkit_core.specs import AugmentationSpec

PhaseT_co = TypeVar("PhaseT_co", bound=Augmentation, covariant=True)


@dataclass(frozen=True)
class AugmentStep(Generic[PhaseT_co]):
    """An augmentation with its options, and the share of samples that it changes, None where none
    is written: then it happens to each as it does by itself.

    `owner` is its full name, `options` are all that it was made with.
    """

    what: PhaseT_co
    probability: float | None = None
    owner: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Augment:
    """A bound chain, by the phase in which its steps happen."""

    steps: tuple[AugmentStep[Augmentation], ...] = ()

    def of(self, phase: type[PhaseT_co]) -> tuple[AugmentStep[PhaseT_co], ...]:
        """Return the steps of a phase, in the chain's order."""
        found = tuple(step for step in self.steps if isinstance(step.what, phase))
        return cast("tuple[AugmentStep[PhaseT_co], ...]", found)


def bind_augment(registry: Registry, chain: Chain, *, stored: bool = False) -> Augment:
    """Bind a chain of augmentations.

    `stored` says that LR comes from disk, which only some of them can follow.

    Raises UnknownComponentError or AmbiguousError for a name, IncompatibleError for a wrong order,
    or pixels that would change behind the back of stored LR, OptionError for an option that does
    not fit, and PluginError where an augmentation cannot be made.
    """
    named = [(item, registry.one(AugmentationSpec, item.call.name)) for item in chain.items]
    if stored:
        _check_stored(named)
    _check_order(chain, named)
    return Augment(tuple(_bind(item, one) for item, one in named))


_Named = list[tuple[Item, Installed[AugmentationSpec]]]


def _bind(item: Item, one: Installed[AugmentationSpec]) -> AugmentStep[Augmentation]:
    factory = one.spec.factory
    advice = f"write {_with_defaults(item.call.name, one)}"
    options = bind_options(one.name, factory, dict(item.call.options), advice=advice)
    try:
        what = factory(**options)
    except SrkitError:
        raise
    except Exception as error:  # a plugin may raise anything
        raise _broken(one, f"is not made: {type(error).__name__}: {error}") from error
    phase = PHASES[phase_of(one)]
    if not isinstance(what, phase):
        raise _broken(one, f"is a {type(what).__name__}, not a {phase.__name__}")
    return AugmentStep(what, item.probability, one.full_name, options)


def _broken(one: Installed[AugmentationSpec], fault: str) -> PluginError:
    hint = f"srkit plugin check {one.full_name}"
    return PluginError(f"augmentation '{one.full_name}' {fault}", hint=hint)


def _with_defaults(name: str, one: Installed[AugmentationSpec]) -> str:
    """Write an augmentation with all of its options, as its hint."""
    options = ", ".join(
        f"{option.name}=" + ("..." if option.required else written(as_value(option.default)))
        for option in options_of(one.spec.factory)
    )
    return f"{name}({options})" if options else name


def _check_stored(named: _Named) -> None:
    pixels = PHASES.index(PixelAugmentation)
    follows = tuple(item for item, one in named if phase_of(one) != pixels)
    behind = next((item for item, one in named if phase_of(one) == pixels), None)
    if behind:
        raise IncompatibleError(
            f"'{behind.call.name}' changes HR before LR is made, but paired LR is made already",
            hint=_line(Chain(follows)),
        )


def _check_order(chain: Chain, named: _Named) -> None:
    ordered = tuple(item for item, _ in sorted(named, key=lambda both: phase_of(both[1])))
    if ordered != chain.items:
        raise IncompatibleError(
            f"in '{chain}' a step stands before one that happens earlier",
            hint=_line(Chain(ordered)),
        )


def _line(chain: Chain) -> str:
    return f'augment = "{chain}"'


def augment_written_out(augment: Augment) -> Chain:
    """Return the chain with full names and every option."""
    return Chain(tuple(map(_written_out, augment.steps)))


def _written_out(step: AugmentStep[Augmentation]) -> Item:
    options = tuple((name, as_value(value)) for name, value in step.options.items())
    return Item(Call(step.owner, options), step.probability)
