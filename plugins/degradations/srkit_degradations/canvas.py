"""How do pictures of several sizes lie in one tensor, and which of them are worked on together?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import torch
from torch import Tensor

from srkit_degradations.parameter_sampler import DrawnT, by_label
from srkit_degradations.shipping import shipped

PixelSize: TypeAlias = tuple[int, int]

_ROOM: Final = 16
"""Sides of a canvas are multiples of it, so that a device sees few different ones, and whole blocks
of JPEG.
"""


@dataclass(frozen=True)
class PickedRows:
    """Numbers of pictures of a batch, and the same as (N,) `index` on the device; None where they
    are all pictures in their order.
    """

    numbers: Sequence[int]
    index: Tensor | None


@dataclass(frozen=True)
class Canvas:
    """Pictures (B, C, H, W) of which number i shows `sizes[i]` from the upper left corner; what
    lies beyond is finite and means nothing.

    `extent` holds the sizes on the device, (B, 2), and is None where nothing lies beyond.
    """

    pixels: Tensor
    sizes: tuple[PixelSize, ...]
    extent: Tensor | None = None

    @classmethod
    def of(cls, pictures: Tensor) -> Canvas:
        """Return pictures of one size."""
        height, width = pictures.shape[-2:]
        return cls(pictures, ((height, width),) * len(pictures))

    def showing(self, pixels: Tensor) -> Canvas:
        """Return the same sizes with other pixels."""
        return replace(self, pixels=pixels)

    def measured(self) -> Tensor:
        """Return the sizes, (B, 2), on the device."""
        return shipped(self.sizes, self.pixels, torch.int64) if self.extent is None else self.extent

    def picked(self, rows: PickedRows) -> Canvas:
        """Return some of the pictures, in this order, with no more room than they need."""
        if rows.index is None:
            return self
        sizes = tuple(self.sizes[row] for row in rows.numbers)
        height, width = (max(sides) for sides in zip(*sizes, strict=True))
        shown = corner(self.pixels, (height, width))
        return on_canvas(shown.index_select(0, rows.index), sizes)


def on_canvas(pixels: Tensor, sizes: Sequence[PixelSize]) -> Canvas:
    """Return pictures of these sizes, none of which is larger than the canvas."""
    one = Canvas(pixels, tuple(sizes))
    height, width = pixels.shape[-2:]
    return one if set(sizes) == {(height, width)} else replace(one, extent=one.measured())


def corner(pixels: Tensor, size: Sequence[int]) -> Tensor:
    """Return the upper left corner, a view; of the whole of (..., H, W) that is no operation."""
    height, width = size
    return pixels if pixels.shape[-2:] == (height, width) else pixels[..., :height, :width]


def room_for(sizes: Sequence[PixelSize]) -> PixelSize:
    """Return the sides of a canvas for these sizes."""
    if len(set(sizes)) == 1:
        return sizes[0]
    height, width = (-(-max(sides) // _ROOM) * _ROOM for sides in zip(*sizes, strict=True))
    return height, width


def shipped_rows(groups: Sequence[Sequence[int]], like: Tensor) -> list[PickedRows]:
    """Bring numbers of the B pictures `like` to their device, those of all groups at once."""
    every = list(range(len(like)))
    some = [list(group) for group in groups if list(group) != every]
    if not some:
        return [PickedRows(group, None) for group in groups]
    numbers = shipped([number for group in some for number in group], like, torch.int64)
    indices = iter(torch.split(numbers, [len(group) for group in some]))
    return [PickedRows(group, None if list(group) == every else next(indices)) for group in groups]


def with_changed(canvas: Canvas, rows: PickedRows, function: Callable[[Canvas], Canvas]) -> Canvas:
    """Apply a function that keeps sizes to some of the pictures."""
    if rows.index is None:
        return function(canvas)
    pixels = canvas.pixels.clone()
    part = function(canvas.picked(rows)).pixels
    corner(pixels, part.shape[-2:]).index_copy_(0, rows.index, part)
    return canvas.showing(pixels)


def with_those(
    canvas: Canvas,
    drawn: Sequence[DrawnT | None],
    function: Callable[[Canvas, list[DrawnT]], Canvas],
) -> Canvas:
    """Apply a function that keeps sizes to the pictures for which something was drawn."""
    rows = [row for row, one in enumerate(drawn) if one is not None]
    those = [one for one in drawn if one is not None]
    if not rows:
        return canvas
    [chosen] = shipped_rows([rows], canvas.pixels)
    return with_changed(canvas, chosen, lambda some: function(some, those))


def worked_on_together(labels: Sequence[Hashable], device: torch.device) -> list[list[int]]:
    """Return the numbers of the pictures that are worked on at once.

    A CPU takes those of one label after the other, which fill no canvas with pixels of no meaning;
    elsewhere the launches cost more than such pixels.
    """
    return list(by_label(labels).values()) if device.type == "cpu" else [list(range(len(labels)))]


def in_their_order(groups: Sequence[Sequence[int]], results: Sequence[Tensor]) -> Tensor:
    """Bring what was made of groups of pictures into the order of their numbers."""
    if len(groups) == 1:
        return results[0]
    numbers = [number for group in groups for number in group]
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    together = torch.cat(list(results))
    return together.index_select(0, shipped(order, together, torch.int64))
