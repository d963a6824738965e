"""What became of a picture, for two pictures side by side or one over the other?"""

from pathlib import Path
from typing import Final

import numpy as np

from srkit_core.io.images import read_image, write_image
from srkit_core.upscaling.resampling import resample_part

SHOWN_SIDE: Final = 1600
"""Pixels of a side of what is shown, at most."""


def before_and_after(
    source: str | Path, upscaled: str | Path, before: str | Path, after: str | Path
) -> bool:
    """Write two pictures of one size, PNG: what a picture file shows, resampled to the size of what
    it became, and what it became, both laid on white where they are transparent.

    Where that is larger than 1600 pixels it is the middle, pixel by pixel. Returns whether it is
    the whole picture. Raises DataError where a file cannot be read or written.
    """
    larger = read_image(Path(upscaled))
    height, width = larger.shape[:2]
    rows, columns = _middle(height), _middle(width)
    write_image(Path(after), np.ascontiguousarray(larger[rows, columns]))
    shown = resample_part(read_image(Path(source)), (height, width), rows, columns)
    write_image(Path(before), np.ascontiguousarray(shown, np.uint8))
    return (height, width) == (rows.stop - rows.start, columns.stop - columns.start)


def _middle(side: int) -> slice:
    start = max(0, side - SHOWN_SIDE) // 2
    return slice(start, min(side, start + SHOWN_SIDE))
