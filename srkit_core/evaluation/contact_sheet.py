"""How do degraded pictures look side by side, with what was drawn for each?"""

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from srkit_core.evaluation.degrade_picture import DegradedPicture
from srkit_core.evaluation.picture_sheet import enlarged
from srkit_core.io.images import Pixels

_GAP = 8
_LINE = 15
_PAPER = 255
_INK = (30, 30, 30)
_LETTER = 6.4
"""Mean width of a letter of the caption's font, in pixels."""


def contact_sheet(hr: Pixels, results: Sequence[DegradedPicture], columns: int = 3) -> Pixels:
    """Lay out HR and each result, enlarged pixel by pixel to the size of HR, with what was drawn
    below it.
    """
    cells = [(hr, ["HR"])] + [
        (enlarged(one.lr, *hr.shape[:2]), _caption(one.draws, hr.shape[1])) for one in results
    ]
    height, width = hr.shape[:2]
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    heights = [height + _GAP + _LINE * max(len(lines) for _, lines in row) for row in rows]
    paper = Image.fromarray(
        np.full((sum(heights) + _GAP, columns * (width + _GAP) + _GAP, 3), _PAPER, dtype=np.uint8)
    )
    draw, font, top = ImageDraw.Draw(paper), ImageFont.load_default(12), _GAP
    for row, tall in zip(rows, heights, strict=True):
        for place, (picture, lines) in enumerate(row):
            left = _GAP + place * (width + _GAP)
            paper.paste(Image.fromarray(picture), (left, top))
            draw.multiline_text(
                (left, top + height + 2), "\n".join(lines), fill=_INK, font=font, spacing=_LINE - 12
            )
        top += tall
    return np.array(paper)


def describe_draws(draws: dict[str, float | str]) -> list[str]:
    """Say what was drawn, a line for each component: `blur: kind isotropic, sigma 1.7`."""
    by_component: dict[str, list[str]] = {}
    for key, value in draws.items():
        component, _, name = key.rpartition(".")
        shown = f"{value:.3g}" if isinstance(value, (int, float)) else value
        by_component.setdefault(component, []).append(f"{name} {shown}")
    lines = [f"{component}: {', '.join(values)}" for component, values in by_component.items()]
    return lines or ["nothing is drawn"]


def _caption(draws: dict[str, float | str], width: int) -> list[str]:
    letters = max(10, int(width / _LETTER))
    lines = describe_draws(draws)
    return [piece for line in lines for piece in wrap(line, letters, subsequent_indent="   ")]
