"""How do pictures look side by side?"""

from collections.abc import Mapping, Sequence

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

    Each cell shows the central square of a picture, at most `side` pixels wide, never resampled;
    `captions` hold, for each row, a line under a column's picture.
    """
    cells = [[_centre(row[column], side) for column in columns] for row in rows]
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


def _centre(pixels: Pixels, side: int) -> Pixels:
    top, left = (max(length - side, 0) // 2 for length in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top : top + side, left : left + side])
