"""How do pictures look side by side?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from srkit_core.io.images import Pixels

SIDE: Final = 256
"""How wide a cell of a sheet is, unless somebody says otherwise."""
_GAP = 6
_TITLE = 22
_PAPER = 255
_INK = (30, 30, 30)
SheetRow = Mapping[str, Pixels]


def picture_sheet(
    rows: Sequence[SheetRow],
    columns: Sequence[str],
    *,
    side: int = SIDE,
    captions: Sequence[Mapping[str, str]] = (),
) -> Pixels:
    """Lay out rows of pictures under column titles, uint8 (H, W, 3).

    The cells of a row show the same region: the central square of its largest picture, at most
    `side` pixels wide and never resampled, and of a smaller one, such as LR, what it has of that
    square, pixel by pixel enlarged. `captions` hold, for each row, a line under a column's picture.
    """
    cells = [_same_region(row, columns, side) for row in rows]
    under = _TITLE if captions else 0
    height = _TITLE + sum(max(cell.shape[0] for cell in line) + _GAP + under for line in cells)
    width = len(columns) * (side + _GAP) + _GAP
    paper = Image.fromarray(np.full((height, width, 3), _PAPER, dtype=np.uint8))
    draw, font, top = ImageDraw.Draw(paper), ImageFont.load_default(15), _TITLE
    for place, column in enumerate(columns):
        draw.text((_left(place, side), 2), column, fill=_INK, font=font)
    for number, line in enumerate(cells):
        for place, cell in enumerate(line):
            paper.paste(Image.fromarray(cell), (_left(place, side), top))
            if captions:
                draw.text(
                    (_left(place, side), top + cell.shape[0] + 2),
                    captions[number].get(columns[place], ""),
                    fill=_INK,
                    font=font,
                )
        top += max(cell.shape[0] for cell in line) + _GAP + under
    return np.array(paper)


def cut_sheet(
    sheet: Pixels, columns: Sequence[str], *, side: int = SIDE
) -> list[dict[str, Pixels]]:
    """Return the rows of pictures (h, w, 3) that `picture_sheet` laid out without captions, by
    column; none where a sheet has other columns.

    What is white in all cells of a row at their right and lower edges is taken for paper.
    """
    if sheet.shape[1] != _left(len(columns), side):
        return []
    return [_cut_row(sheet[top:end], columns, side) for top, end in _row_ends(sheet, side)]


def _row_ends(sheet: Pixels, side: int) -> Iterator[tuple[int, int]]:
    """Yield where rows begin and end: at gaps, or, of rows as high as wide, by counting."""
    whole, rest = divmod(sheet.shape[0] - _TITLE, side + _GAP)
    tops = [_TITLE + number * (side + _GAP) for number in range(whole)]
    if not rest and all((sheet[top + side : top + side + _GAP] == _PAPER).all() for top in tops):
        yield from ((top, top + side) for top in tops)
        return
    inked = (sheet != _PAPER).any(axis=(1, 2))
    top = _TITLE
    for line in range(_TITLE, sheet.shape[0] - _GAP + 1):
        if top < line and not inked[line : line + _GAP].any() and inked[line - 1]:
            yield top, line
            top = line + _GAP


def _cut_row(row: Pixels, columns: Sequence[str], side: int) -> dict[str, Pixels]:
    cells = [
        row[:, _left(place, side) : _left(place, side) + side] for place in range(len(columns))
    ]
    inked = np.flatnonzero((np.stack(cells) != _PAPER).any(axis=(0, 1, 3)))
    width = int(inked[-1]) + 1 if inked.size else side
    return {name: cell[:, :width] for name, cell in zip(columns, cells, strict=True)}


def _left(place: int, side: int) -> int:
    return _GAP + place * (side + _GAP)


def enlarged(pixels: Pixels, height: int, width: int, side: int | None = None) -> Pixels:
    """Enlarge a picture (h, w, 3) pixel by pixel, by nearest, to (height, width, 3), or to the
    central square of that, of which only what is shown is made.
    """
    rows, columns = (
        _shown(whole, side) * length // whole
        for whole, length in ((height, pixels.shape[0]), (width, pixels.shape[1]))
    )
    return np.ascontiguousarray(pixels[rows[:, None], columns])


def _same_region(row: SheetRow, columns: Sequence[str], side: int) -> list[Pixels]:
    height, width = (max(one.shape[axis] for one in row.values()) for axis in (0, 1))
    return [enlarged(row[column], height, width, side) for column in columns]


def _shown(length: int, side: int | None) -> np.ndarray[Any, np.dtype[np.int64]]:
    kept = length if side is None else min(side, length)
    return np.arange(kept) + (length - kept) // 2
