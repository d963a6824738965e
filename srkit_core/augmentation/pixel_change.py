"""What happens to the pixels of a crop before LR is made?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from srkit_core.augmentation.affine import Frame, Warp, warped
from srkit_core.augmentation.tint import Tint, tinted

if TYPE_CHECKING:
    from srkit_core.io.images import Pixels

WindowFunction: TypeAlias = "Callable[[Pixels], Pixels]"
"""From uint8 (H, W, 3) to the same shape and type, without draws of its own.

It sees a crop with its margin, so that only what looks at each pixel alone, or at its neighbours
within the margin, does the same wherever the crop lies.
"""


@dataclass(frozen=True)
class PixelChange:
    """First a warp of the whole picture, then a linear map of colours, then functions in their
    order.
    """

    warp: Warp | None = None
    tint: Tint | None = None
    functions: tuple[WindowFunction, ...] = ()

    def with_warp(self, warp: Warp) -> PixelChange:
        """Return this change with a warp after its warp, resampled once for both."""
        return replace(self, warp=warp if self.warp is None else self.warp @ warp)

    def with_tint(self, tint: Tint) -> PixelChange:
        """Return this change with a map of colours after what it does to them.

        Maps that follow each other are rounded once.
        """
        if self.functions:
            return self.then(partial(tinted, tint=tint))
        return replace(self, tint=tint if self.tint is None else tint @ self.tint)

    def then(self, function: WindowFunction) -> PixelChange:
        """Return this change with a function of the window after it."""
        return replace(self, functions=(*self.functions, function))

    def of(self, pixels: Pixels, frame: Frame) -> Pixels:
        """Return a rectangle of a picture (H, W, 3), changed; not changed, it is no copy."""
        if self.warp is None:
            window = pixels[
                frame.top : frame.top + frame.height, frame.left : frame.left + frame.width
            ]
        else:
            window = warped(pixels, self.warp, frame)
        if self.tint is not None:
            window = tinted(window, self.tint)
        for function in self.functions:
            window = function(window)
        return window
