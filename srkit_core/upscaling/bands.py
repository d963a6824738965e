"""How does a picture on the host become the rows of a larger one, a band of tiles at a time?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from srkit_core.io.raster import Samples
from srkit_core.oom import is_out_of_memory
from srkit_core.upscaling.backends.interface import Backend
from srkit_core.upscaling.tile_choice import TileChoice
from srkit_core.upscaling.tiling import TileSpan, Tiling, next_span, spans

Report = Callable[[int, int], None]
"""Is told how many of how many LR pixels are done."""


@dataclass(frozen=True)
class Band:
    """What rows [start, stop) of LR became: `pixels` (scale*(stop-start), scale*W, 3)."""

    start: int
    stop: int
    pixels: Samples


def upscale_bands(
    backend: Backend,
    lr: Samples,
    choice: TileChoice,
    *,
    gray: bool = False,
    report: Report | None = None,
) -> Iterator[Band]:
    """Yield what (H, W, 3), uint8 or uint16, becomes, from top to bottom, in its type.

    Where memory runs out the tile is halved, if `choice` may. Raises what the backend raises.
    """
    height, width = lr.shape[:2]
    cut = choice.cut(backend, (height, width))
    start, kept = 0, lr[:0]
    while start < height:
        rows = next_span(start, height, cut.rows, backend)
        try:
            made = _row_of_tiles(backend, lr, rows, cut.columns, gray=gray, report=report)
        except Exception as error:
            if not is_out_of_memory(error) or (smaller := choice.halved(backend, lr, cut)) is None:
                raise
            cut = smaller
            continue
        _blend(kept, made)
        stop = height if rows.stop == height else rows.stop - cut.rows.blend
        count = (stop - rows.made_start) * backend.scale
        kept = made[count:].copy()
        yield Band(rows.made_start, stop, made[:count])
        start = rows.stop


def _row_of_tiles(
    backend: Backend,
    lr: Samples,
    rows: TileSpan,
    tiling: Tiling,
    *,
    gray: bool,
    report: Report | None,
) -> Samples:
    """Return what the rows of a span become, all columns of them."""
    (height, width), scale = lr.shape[:2], backend.scale
    size = (rows.made_stop - rows.made_start) * scale, width * scale, 3
    made: Samples = np.empty(size, lr.dtype)
    done = 0
    for columns in spans(width, tiling, backend):
        tile = lr[rows.seen_start : rows.seen_stop, columns.seen_start : columns.seen_stop]
        larger = backend(tile, gray=gray)[rows.within(scale), columns.within(scale)]
        place, stop = columns.made_start * scale, columns.made_stop * scale
        _blend(made[:, place : done * scale].swapaxes(0, 1), larger.swapaxes(0, 1))
        made[:, place:stop] = larger
        done = columns.made_stop
        if report:
            report(rows.start * width + (rows.stop - rows.start) * columns.stop, height * width)
    return made


def _blend(before: Samples, after: Samples) -> None:
    """Let the beginning of `after` come from `before` by and by, which shows the same rows.

    Where both agree they stay as they are.
    """
    count = len(before)
    if not count:
        return
    share: Any = (np.arange(count, dtype=np.float32) + 0.5) / count
    share = share[:, None, None]
    old, new = before.astype(np.float32), after[:count].astype(np.float32)
    after[:count] = np.rint(old + (new - old) * share)
