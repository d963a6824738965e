"""How much of each picture is scored, where only its centre is?"""

from collections.abc import Sequence
from typing import Final

from srkit_core.data.picture import Picture, centre_crop

_NAMED_AT_MOST: Final = 5


def centre_crops(pictures: Sequence[Picture], side: int, scale: int) -> tuple[Picture, ...]:
    """Return pictures cut to their central squares of `side` HR pixels, a multiple of the scale;
    smaller ones stay whole, and with a side of 0 all do.
    """
    return tuple(centre_crop(one, side, scale) for one in pictures)


def said_of_small(pictures: Sequence[Picture], side: int, scale: int) -> str:
    """Name the pictures that are smaller than a crop; "" where none is."""
    small = [one.name for one in pictures if side and min(one.sides(scale)) < side]
    rest = len(small) - _NAMED_AT_MOST
    named = ", ".join(small[:_NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")
    return f"smaller than the crop of {side} pixels, so scored whole: {named}" if small else ""
