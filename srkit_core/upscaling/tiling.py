"""How is a whole picture upscaled, in one piece or in tiles?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from srkit_core.errors import RecipeError
from srkit_core.io.raster import Samples
from srkit_core.models.model import Model
from srkit_core.upscaling.backends.interface import Backend, NetworkTraits

AUTO_TILE = 256
AUTO_WHOLE = 512 * 512
"""Up to so many LR pixels `auto` does not cut.

Beyond, tiles of AUTO_TILE keep memory bounded (empirical).
"""


@dataclass(frozen=True)
class Tiling:
    """`tile` is the side of a tile in LR pixels (None: whole pictures), `overlap` the LR pixels
    seen around it.
    """

    tile: int | None = None
    overlap: int = 0

    def __post_init__(self) -> None:
        if (self.tile is not None and self.tile < 1) or self.overlap < 0:
            raise RecipeError(
                f"a tile of {self.tile} with overlap {self.overlap} covers nothing",
                hint="--tile 256 --overlap 32",
            )


@dataclass(frozen=True)
class _Span:
    """A stretch of a side: the tile is [start, stop), the network sees [seen_start, seen_stop)."""

    start: int
    stop: int
    seen_start: int
    seen_stop: int


def choose_tiling(
    model: Model, lr: Tensor, tile: int | None = None, overlap: int | None = None
) -> Tiling:
    """Return the tiling for (B, 3, H, W), as `tiling_of` does."""
    return tiling_of(model, (lr.shape[-2], lr.shape[-1]), tile, overlap)


def tiling_of(
    model: NetworkTraits, lr: tuple[int, int], tile: int | None = None, overlap: int | None = None
) -> Tiling:
    """Return the tiling for LR of (height, width): what was asked for, else whole pictures up to
    512 x 512 and tiles beyond.

    The default overlap is the generator's receptive field as its spec declares it.
    """
    reach = model.receptive if overlap is None else overlap
    if tile is None:
        tile = AUTO_TILE if lr[0] * lr[1] > AUTO_WHOLE else None
    return Tiling(tile, reach)


@torch.no_grad()
def upscale_tiled(model: Model, lr: Tensor, tiling: Tiling = Tiling()) -> Tensor:
    """Upscale (B, 3, H, W) in [0, 1] to (B, 3, scale*H, scale*W), not clamped.

    Tiles see `overlap` pixels of the picture beyond themselves, which are cut away afterwards: no
    seams where the overlap covers the receptive field.
    """
    height, width = lr.shape[-2:]
    if tiling.tile is None or max(height, width) <= tiling.tile:
        return model(lr)
    sr = lr.new_empty((*lr.shape[:-2], height * model.scale, width * model.scale))
    for rows in _spans(height, tiling.tile, tiling.overlap, model):
        for columns in _spans(width, tiling.tile, tiling.overlap, model):
            _fill(sr, model, lr, rows, columns)
    return sr


def upscale_array(
    backend: Backend, lr: Samples, tiling: Tiling = Tiling(), *, gray: bool = False
) -> Samples:
    """Upscale (H, W, 3) to (scale*H, scale*W, 3) of the same type, as `upscale_tiled` does."""
    height, width = lr.shape[:2]
    if tiling.tile is None or max(height, width) <= tiling.tile:
        return backend(lr, gray=gray)
    sr: Samples = np.empty((height * backend.scale, width * backend.scale, 3), lr.dtype)
    for rows in _spans(height, tiling.tile, tiling.overlap, backend):
        for columns in _spans(width, tiling.tile, tiling.overlap, backend):
            tile = lr[rows.seen_start : rows.seen_stop, columns.seen_start : columns.seen_stop]
            inside = _within(rows, backend.scale), _within(columns, backend.scale)
            outer = _outer(rows, backend.scale), _outer(columns, backend.scale)
            sr[outer] = backend(tile, gray=gray)[inside]
    return sr


def _fill(sr: Tensor, model: Model, lr: Tensor, rows: _Span, columns: _Span) -> None:
    seen = model(lr[..., rows.seen_start : rows.seen_stop, columns.seen_start : columns.seen_stop])
    inside = seen[..., _within(rows, model.scale), _within(columns, model.scale)]
    sr[..., _outer(rows, model.scale), _outer(columns, model.scale)] = inside


def _spans(length: int, tile: int, overlap: int, model: NetworkTraits) -> Iterator[_Span]:
    """Cut a side into tiles.

    What the network sees has the place and size it wants, so it is padded only where the picture
    ends.
    """
    unit, smallest = model.size_multiple, model.min_size
    for start in range(0, length, tile):
        stop = min(start + tile, length)
        seen_stop = min(-(-max(stop + overlap, smallest) // unit) * unit, length)
        seen_start = max(min(start - overlap, seen_stop - smallest), 0) // unit * unit
        yield _Span(start, stop, seen_start, seen_stop)


def _within(span: _Span, scale: int) -> slice:
    return slice((span.start - span.seen_start) * scale, (span.stop - span.seen_start) * scale)


def _outer(span: _Span, scale: int) -> slice:
    return slice(span.start * scale, span.stop * scale)
