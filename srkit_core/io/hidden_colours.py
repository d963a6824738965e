"""Which colours do pixels get that nobody sees, so that they do not bleed into those beside them?

What stands under an alpha of 0 is whatever a program left there. Whoever enlarges or resizes such a
picture mixes it with its neighbours, where it is seen.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from srkit_core.io.raster import Samples

_Index = NDArray[np.int32]
_FAR = np.int32(2**30)


def fill_hidden(colours: Samples, alpha: Samples | None) -> Samples:
    """Return (H, W, 3) in which pixels whose alpha (H, W) is 0 have the colour of the nearest that
    is seen; the others stay, and all of a picture in which nothing is seen.
    """
    if alpha is None:
        return colours
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return colours
    rows, columns = _nearest_seen(~hidden)
    filled: Samples = colours.copy()
    filled[hidden] = colours[rows[hidden], columns[hidden]]
    return filled


def _nearest_seen(seen: NDArray[np.bool_]) -> tuple[_Index, _Index]:
    """Return row and column of the nearest pixel that is seen, (H, W) each.

    Two sweeps over the rows pass on the nearest pixel of each (Danielsson 1980); where two are
    nearly as far, it may be the other one.
    """
    columns = _nearest_in_row(seen)
    place = np.arange(seen.shape[1], dtype=np.int32)
    rows = np.repeat(np.arange(len(seen), dtype=np.int32)[:, None], seen.shape[1], axis=1)
    for order in (range(1, len(seen)), range(len(seen) - 2, -1, -1)):
        step = 1 if order.step > 0 else -1
        for row in order:
            before = row - step
            own = _distance(columns[row] - place, rows[row] - row)
            other = _distance(columns[before] - place, rows[before] - row)
            nearer = other < own
            columns[row] = np.where(nearer, columns[before], columns[row])
            rows[row] = np.where(nearer, rows[before], rows[row])
    return rows, columns


def _nearest_in_row(seen: NDArray[np.bool_]) -> _Index:
    """Return the column of the nearest pixel of its row that is seen; far away where there is
    none.
    """
    place = np.arange(seen.shape[1], dtype=np.int32)
    left = np.maximum.accumulate(np.where(seen, place, -_FAR), axis=1)
    right = np.minimum.accumulate(np.where(seen, place, _FAR)[:, ::-1], axis=1)[:, ::-1]
    nearest: _Index = np.where(place - left <= right - place, left, right)
    return nearest


def _distance(columns: _Index, rows: Any) -> NDArray[np.int64]:
    wide, high = columns.astype(np.int64), np.asarray(rows, dtype=np.int64)
    return wide * wide + high * high
