"""How do pictures look side by side?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from srkit_core.io.images import Pixels

_GAP = 6
_TITLE = 22
_PAPER = 255
_INK = (30, 30, 30)
SheetRow = Mapping[str, Pixels]


def picture_sheet(
    rows: Sequence[SheetRow],
    columns: Sequence[str],
    *,
    side: int = 256,
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
