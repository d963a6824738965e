"""When does an augmentation happen, and what does it change then?

An augmentation is a subclass of one of four phases, which happen in the order of `PHASES`. Nothing
here imports numpy or torch: an augmentation's `apply` does, when it is called.
"""

from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    import numpy as np
    import torch

    from srkit_core.augmentation.crop_position import CropChoice
    from srkit_core.augmentation.pixel_change import PixelChange
    from srkit_core.augmentation.view import View
    from srkit_core.data.examples import Examples


class Augmentation:
    """A change of training samples that a recipe asks for by name.

    Whoever inherits from a phase and says `name=` is in the table `AUGMENTATIONS`. It is a frozen
    dataclass: its fields are its options, each with a type, a default and a line under `Args`.
    Raises TypeError for a class whose name is missing or taken.
    """

    name: ClassVar[str]
    phase: ClassVar[str]
    """When it happens, in words that a reader of a list sees."""

    def __init_subclass__(cls, *, name: str = "") -> None:
        if Augmentation in cls.__bases__:
            return
        if not name or name in AUGMENTATIONS:
            raise TypeError(f"{cls.__qualname__} needs a name of its own, not '{name}'")
        cls.name = name
        AUGMENTATIONS[name] = cls


class CropAugmentation(Augmentation):
    """Says where in a picture crops are taken."""

    phase = "where crops are taken"

    def apply(self, choice: "CropChoice", rng: "np.random.Generator") -> "CropChoice":
        """Return the choice of a sample's crop, narrowed."""
        raise NotImplementedError


class PixelAugmentation(Augmentation):
    """Changes the pixels of HR before LR is made of them; stored LR cannot follow."""

    phase = "before LR is made"

    def apply(self, change: "PixelChange", rng: "np.random.Generator") -> "PixelChange":
        """Return what happens to a sample's pixels, with one thing more; all draws are made here.

        A warp is added by `change.with_warp`, a linear map of colours by `with_tint`, and whatever
        else by `then`, which takes any function of uint8 (H, W, 3).
        """
        raise NotImplementedError


class ViewAugmentation(Augmentation):
    """Flips or turns a crop, which LR from disk follows."""

    phase = "from which side a crop is seen"

    def apply(self, view: "View", rng: "np.random.Generator") -> "View":
        """Return the side from which a sample is seen, after `view`, where no share is written: it
        may be the same side.
        """
        raise NotImplementedError

    def change(self, view: "View", rng: "np.random.Generator") -> "View":
        """Return another side than `view`, for a sample of the share that is written."""
        raise NotImplementedError


class MixAugmentation(Augmentation):
    """Changes a whole batch once LR is made."""

    phase = "once LR is made"

    def apply(
        self, examples: "Examples", probability: float | None, rng: "torch.Generator"
    ) -> "Examples":
        """Return a batch in which each example is changed with `probability`, independently, or
        each as it happens where none is written.

        `rng` is on the device of the tensors, and the probability is drawn here, so that all draws
        of a batch can be made there at once.
        """
        raise NotImplementedError


PHASES: Final[tuple[type[Augmentation], ...]] = (
    CropAugmentation,
    PixelAugmentation,
    ViewAugmentation,
    MixAugmentation,
)
AUGMENTATIONS: Final[dict[str, type[Augmentation]]] = {}
"""Every augmentation by its name, in the order of their definitions."""


def phase_of(augmentation: type[Augmentation]) -> int:
    """Return which of `PHASES` an augmentation is of."""
    return next(number for number, phase in enumerate(PHASES) if issubclass(augmentation, phase))


def augmentation_names() -> tuple[str, ...]:
    """Return all names in the order in which their phases happen."""
    return tuple(sorted(AUGMENTATIONS, key=lambda name: phase_of(AUGMENTATIONS[name])))


def describe_augmentations() -> str:
    """Return all names, each in backticks, with the phases in which they happen, in their order."""
    groups = [
        [f"`{name}`" for name in augmentation_names() if issubclass(AUGMENTATIONS[name], phase)]
        for phase in PHASES
    ]
    *first, last = (
        f"{_listed(group)} ({phase.phase})"
        for group, phase in zip(groups, PHASES, strict=True)
        if group
    )
    return f"{', '.join(first)}, and {last}" if first else last


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
