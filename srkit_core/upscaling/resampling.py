"""How do rows become those of another size, as they come?

By Keys' cubic kernel (1981, a = -1/2), widened where a picture becomes smaller so that nothing
aliases: what LR is made with, and with less ringing than Lanczos. Each side is resampled on its
own, so that only as many rows are held as the kernel spans.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srkit_core.io.raster import Samples

_A = -0.5
_REACH = 2


@dataclass(frozen=True)
class _Taps:
    """For each place of a side, which places of the other it is made of, and by which shares."""

    places: NDArray[np.int64]
    shares: NDArray[np.float32]


def resample_rows(
    bands: Iterable[Samples], before: tuple[int, int], after: tuple[int, int]
) -> Iterator[Samples]:
    """Yield the rows of a picture of (height, width) `after` while those `before` come, from top to
    bottom: (h, W, C) or (h, W), uint8 or uint16, rounded to the nearest.
    """
    if before == after:
        yield from bands
        return
    down, across = _taps(before[0], after[0]), _taps(before[1], after[1])
    held: NDArray[np.float32] | None = None
    first = done = 0
    for band in bands:
        wide = _apply(band.astype(np.float32).swapaxes(0, 1), across).swapaxes(0, 1)
        held = wide if held is None else np.concatenate([held, wide])
        ready = int(np.searchsorted(down.places[:, -1], first + len(held)))
        if ready == done:
            continue
        some = _Taps(down.places[done:ready] - first, down.shares[done:ready])
        yield _rounded(_apply(held, some), band.dtype)
        done = ready
        if done < after[0]:
            unused = int(down.places[done, 0]) - first
            held, first = held[unused:].copy(), first + unused


def resample_part(pixels: Samples, after: tuple[int, int], rows: slice, columns: slice) -> Samples:
    """Return the rows and columns of what (H, W, C) is at the (height, width) `after`."""
    down = _part(_taps(pixels.shape[0], after[0]), rows)
    across = _part(_taps(pixels.shape[1], after[1]), columns)
    top, left = down.places.min(), across.places.min()
    seen = pixels[top : down.places.max() + 1, left : across.places.max() + 1].astype(np.float32)
    tall = _apply(seen, _Taps(down.places - top, down.shares))
    made = _apply(tall.swapaxes(0, 1), _Taps(across.places - left, across.shares))
    return _rounded(made.swapaxes(0, 1), pixels.dtype)


def _part(taps: _Taps, places: slice) -> _Taps:
    return _Taps(taps.places[places], taps.shares[places])


def _taps(before: int, after: int) -> _Taps:
    """Return how a side is resampled; beyond the edges it goes on as at them."""
    step = before / after
    width = max(step, 1.0)
    centres = (np.arange(after) + 0.5) * step - 0.5
    count = int(np.ceil(_REACH * width)) * 2 + 1
    places = np.round(centres).astype(np.int64)[:, None] + np.arange(count) - count // 2
    shares = _keys((places - centres[:, None]) / width)
    shares /= shares.sum(1, keepdims=True)
    return _Taps(places.clip(0, before - 1), shares.astype(np.float32))


def _keys(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Keys' kernel (IEEE TASSP 29(6), 1981, equation 4)."""
    x = np.abs(x)
    near = (_A + 2) * x**3 - (_A + 3) * x**2 + 1
    far = _A * x**3 - 5 * _A * x**2 + 8 * _A * x - 4 * _A
    return np.where(x <= 1, near, np.where(x < _REACH, far, 0.0))


def _apply(rows: NDArray[np.float32], taps: _Taps) -> NDArray[np.float32]:
    """Resample the first side of (n, ...)."""
    shape = (-1, *(1,) * (rows.ndim - 1))
    made = np.zeros((len(taps.places), *rows.shape[1:]), np.float32)
    for places, shares in zip(taps.places.T, taps.shares.T, strict=True):
        made += rows[places] * shares.reshape(shape)
    return made


def _rounded(values: NDArray[np.float32], kind: "np.dtype[np.uint8 | np.uint16]") -> Samples:
    samples: Samples = np.rint(values).clip(0, np.iinfo(kind).max).astype(kind)
    return samples
