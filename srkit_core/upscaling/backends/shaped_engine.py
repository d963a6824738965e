"""For which sides of LR is an engine made ready?

OpenVINO is quicker, and takes less memory, where it knows the sides before: 1.5 to 34 % with the
networks that were timed, so a picture in tiles of one size pays for it.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Engine: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Computes SR (1, 3, sH, sW) of LR (1, 3, H, W) in [0, 1], of any sides."""
Shape: TypeAlias = tuple[int, ...]


class ShapedEngine:
    """An `Engine` that is made ready for the first shape it meets, and for another that comes twice
    in a row; of what comes between it computes with one that is ready for all.

    `engine_for` makes it ready: for a shape, or for all by None.
    """

    def __init__(self, engine_for: Callable[[Shape | None], Engine]) -> None:
        self._engine_for = engine_for
        self._known: tuple[Shape, Engine] | None = None
        self._any: Engine | None = None
        self._last: Shape | None = None

    def __call__(self, lr: NDArray[np.float32], /) -> NDArray[np.float32]:
        """Compute SR."""
        before, self._last = self._last, lr.shape
        if self._known is None or (before == lr.shape and self._known[0] != lr.shape):
            self._known = None  # its memory is free for the next
            self._known = lr.shape, self._engine_for(lr.shape)
        if self._known[0] == lr.shape:
            return self._known[1](lr)
        self._any = self._any or self._engine_for(None)
        return self._any(lr)
