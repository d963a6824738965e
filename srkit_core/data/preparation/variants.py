"""What does an augmented copy of a whole picture look like?"""

import numpy as np

from srkit_core.augmentation import bind_augment
from srkit_core.augmentation.affine import Frame
from srkit_core.data.transforms import draw_change, draw_view
from srkit_core.expressions import parse_chain
from srkit_core.io.images import Pixels

AUGMENT = "affine | flip"
"""Rotation within 90 degrees, shifts, shear and zoom of 0.2 with the nearest colour beyond the
border, and a horizontal flip.
"""


def variant(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a copy of (H, W, 3), of the same size, changed about its centre.

    Shares are of its shorter side.
    """
    augment = bind_augment(parse_chain(AUGMENT))
    height, width = pixels.shape[:2]
    change, view = draw_change(augment, rng), draw_view(augment, rng)
    frame = Frame(0, 0, height, width, ((height - 1) / 2, (width - 1) / 2), min(height, width))
    return view.of(np.ascontiguousarray(change.of(pixels, frame)))
