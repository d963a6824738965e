"""What does a degradation do to a picture, and what did it draw?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from textwrap import wrap

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from srkit_core.interfaces import TracedDegradation
from srkit_core.io.images import Pixels, to_bytes, to_unit

_GAP = 8
_LINE = 15
_PAPER = 255
_INK = (30, 30, 30)
_LETTER = 6.4
"""Mean width of a letter of the caption's font, in pixels."""


@dataclass(frozen=True)
class Degraded:
    """LR of one draw, uint8 (H, W, 3), and what was drawn."""

    lr: Pixels
    draws: dict[str, float | str]


def degraded(degrade: TracedDegradation, hr: Pixels, count: int, seed: int) -> list[Degraded]:
    """Degrade one picture `count` times, each time with draws of its own.

    Uint8 (H, W, 3) of whole LR pixels.
    """
    pictures = to_unit(torch.from_numpy(hr)[None]).expand(count, -1, -1, -1).contiguous()
    with torch.no_grad():
        lr, draws = degrade.traced(pictures, rng=torch.Generator().manual_seed(seed))
    return [Degraded(_pixels(one), told) for one, told in zip(lr, draws, strict=True)]


def contact_sheet(hr: Pixels, results: Sequence[Degraded], columns: int = 3) -> Pixels:
    """Lay out HR and each result, enlarged pixel by pixel to the size of HR, with what was drawn
    below it.
    """
    cells = [(hr, ["HR"])] + [
        (_enlarged(one.lr, hr), _caption(one.draws, hr.shape[1])) for one in results
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


def said(draws: dict[str, float | str]) -> list[str]:
    """Say what was drawn, a line for each component: `blur: kind isotropic, sigma 1.7`."""
    told: dict[str, list[str]] = {}
    for key, value in draws.items():
        component, _, name = key.rpartition(".")
        told.setdefault(component, []).append(
            f"{name} {value:.3g}" if isinstance(value, (int, float)) else f"{name} {value}"
        )
    return [f"{component}: {', '.join(values)}" for component, values in told.items()] or [
        "nothing is drawn"
    ]


def _caption(draws: dict[str, float | str], width: int) -> list[str]:
    letters = max(10, int(width / _LETTER))
    return [line for told in said(draws) for line in wrap(told, letters, subsequent_indent="   ")]


def _enlarged(lr: Pixels, hr: Pixels) -> Pixels:
    height, width = hr.shape[:2]
    times = ceil(height / lr.shape[0]), ceil(width / lr.shape[1])
    return np.ascontiguousarray(
        lr.repeat(times[0], axis=0).repeat(times[1], axis=1)[:height, :width]
    )


def _pixels(picture: Tensor) -> Pixels:
    pixels: Pixels = to_bytes(picture[None])[0].cpu().numpy()
    return pixels
