"""Do the steps of a chain of augmentations exist, fit their options and stand in their order?"""

import difflib
from dataclasses import dataclass
from typing import TypeVar

from srkit_core.augmentation.phases import (
    AUGMENTATIONS,
    Augmentation,
    PixelAugmentation,
    augmentation_names,
    phase_of,
)
from srkit_core.binding import bind_options
from srkit_core.errors import IncompatibleError
from srkit_core.expressions import Call, Chain, written

PhaseT = TypeVar("PhaseT", bound=Augmentation)


@dataclass(frozen=True)
class AugmentStep:
    """An augmentation with its options, and the share of samples that it changes, None where none
    is written: then it happens to each as it does by itself.
    """

    what: Augmentation
    probability: float | None = None


@dataclass(frozen=True)
class Augment:
    """A bound chain, by the phase in which its steps happen."""

    steps: tuple[AugmentStep, ...] = ()

    def of(self, phase: type[PhaseT]) -> tuple[tuple[PhaseT, float | None], ...]:
        """Return the augmentations of a phase with their probabilities, in the chain's order."""
        return tuple(
            (step.what, step.probability) for step in self.steps if isinstance(step.what, phase)
        )


def bind_augment(chain: Chain, *, stored: bool = False) -> Augment:
    """Bind a chain of augmentations.

    `stored` says that LR comes from disk, which only some of them can follow.

    Raises IncompatibleError for an unknown name, a wrong order, or pixels that would change behind
    the back of stored LR, and OptionError for an option that does not fit.
    """
    augment = Augment(
        tuple(AugmentStep(_bind(item.call), item.probability) for item in chain.items)
    )
    if stored:
        _check_stored(chain)
    _check_order(chain)
    return augment


def _bind(call: Call) -> Augmentation:
    if call.name not in AUGMENTATIONS:
        names = augmentation_names()
        nearest = difflib.get_close_matches(call.name, names, n=1)
        hint = f"did you mean '{nearest[0]}'?" if nearest else f"one of {', '.join(names)}"
        raise IncompatibleError(f"there is no augmentation '{call.name}'", hint=hint)
    make = AUGMENTATIONS[call.name]
    options = bind_options(
        call.name, make, dict(call.options), advice=f"write {_with_defaults(call.name)}"
    )
    return make(**options)


def _with_defaults(name: str) -> str:
    """Write an augmentation with all of its options, as its hint."""
    options = ", ".join(
        f"{option}={written(value)}" for option, value in vars(AUGMENTATIONS[name]()).items()
    )
    return f"{name}({options})" if options else name


def _check_stored(chain: Chain) -> None:
    items = [(item, AUGMENTATIONS[item.call.name]) for item in chain.items]
    follows = tuple(item for item, kind in items if not issubclass(kind, PixelAugmentation))
    behind = next((item for item, kind in items if issubclass(kind, PixelAugmentation)), None)
    if behind:
        raise IncompatibleError(
            f"'{behind.call.name}' changes HR before LR is made, but paired LR is made already",
            hint=_line(Chain(follows)),
        )


def _check_order(chain: Chain) -> None:
    ordered = sorted(chain.items, key=lambda item: phase_of(AUGMENTATIONS[item.call.name]))
    if tuple(ordered) != chain.items:
        raise IncompatibleError(
            f"in '{chain}' a step stands before one that happens earlier",
            hint=_line(Chain(tuple(ordered))),
        )


def _line(chain: Chain) -> str:
    return f'augment = "{chain}"'
