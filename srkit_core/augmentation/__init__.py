"""What is an augmentation, and which of them does a chain ask for?

A new one is a subclass of its phase with options and `apply`, which imports what it works with when
it is called, announced by an `AugmentationSpec`. Importing this package loads no torch and no
numpy.
"""

from srkit_core.augmentation.chain_binding import Augment, AugmentStep, bind_augment
from srkit_core.augmentation.names import augmentation_names, describe_augmentations
from srkit_core.augmentation.phases import (
    PHASES,
    Augmentation,
    CropAugmentation,
    MixAugmentation,
    PixelAugmentation,
    ViewAugmentation,
)

__all__ = [
    "PHASES",
    "Augment",
    "AugmentStep",
    "Augmentation",
    "CropAugmentation",
    "MixAugmentation",
    "PixelAugmentation",
    "ViewAugmentation",
    "augmentation_names",
    "bind_augment",
    "describe_augmentations",
]
