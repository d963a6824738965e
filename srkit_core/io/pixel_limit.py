"""Of how many pixels may a picture be at most?"""

import os
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Final, TypeVar

from srkit_core.errors import RecipeError

PixelItem = TypeVar("PixelItem")
PixelResult = TypeVar("PixelResult")

MAX_PIXELS_VARIABLE: Final = "SRKIT_MAX_PIXELS"
"""Raises or lowers the limit, in this process and in those it starts; `srkit --max-pixels N
COMMAND` sets it.
"""

MOST_PIXELS: Final = 2**28
"""Unless told otherwise, pictures of more pixels (268 million) are refused by their header, before
anything is decoded (empirical).
"""


def most_pixels() -> int:
    """Return the limit; raises RecipeError where the variable holds no number of pixels."""
    written = os.environ.get(MAX_PIXELS_VARIABLE, "").strip()
    if not written:
        return MOST_PIXELS
    if not written.isdecimal() or int(written) == 0:
        raise RecipeError(
            f"{MAX_PIXELS_VARIABLE} is no number of pixels: '{written}'",
            hint=f"{MAX_PIXELS_VARIABLE}={2 * MOST_PIXELS}, or leave it out",
        )
    return int(written)


def allow_pixels(limit: int) -> None:
    """Set the limit in this process and in those that it starts from now on."""
    os.environ[MAX_PIXELS_VARIABLE] = str(limit)


def with_this_limit(work: Callable[[PixelItem], PixelResult]) -> Callable[[PixelItem], PixelResult]:
    """Return work that has this process's limit in another one too, which may have begun before or
    on another machine.
    """
    return update_wrapper(partial(_limited, most_pixels(), work), work)


def _limited(limit: int, work: Callable[[PixelItem], PixelResult], item: PixelItem) -> PixelResult:
    allow_pixels(limit)
    return work(item)
