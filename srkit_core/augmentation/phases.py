"""When does an augmentation happen, and what does it change then?

An augmentation is a subclass of one of four phases, which happen in the order of `PHASES`. Nothing
here imports numpy or torch: an augmentation's `apply` does, when it is called.
"""

from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    import numpy as np
    import torch

    from srkit_core.augmentation.batch_examples import Examples
    from srkit_core.augmentation.crop_position import CropChoice
    from srkit_core.augmentation.pixel_change import PixelChange
    from srkit_core.augmentation.view import View


class Augmentation:
    """A change of training samples that a recipe asks for by name.

    It is a frozen dataclass of a phase: its fields are its options, each with a type, a default
    and a line under `Args`.
    """

    phase: ClassVar[str]
    """When it happens, in words that a reader of a list sees."""


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
