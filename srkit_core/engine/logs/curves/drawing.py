"""How do the figures of a run look over its steps?

Drawn with matplotlib's objects alone: pyplot keeps figures of its own and may ask for a display.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from math import ceil
from typing import Final

from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from srkit_core.engine.logs.curves.panels import (
    BASELINE,
    CIRCLE,
    GREY,
    PALE,
    WORDS,
    band_style,
    draw_panel,
    style,
)
from srkit_core.engine.logs.curves.series import (
    Panel,
    eras,
    gathered,
    has_many,
    is_noisy,
    panels,
    smoothed,
)
from srkit_core.specs import MetricSpec

DPI: Final = 100
WIDTH: Final = 12.0
"""Inches, which are 1200 pixels: the width of a page."""
PANEL: Final = 2.8
HEAD: Final = 0.45
MARGIN: Final = 0.3


def draw_curves(
    rows: Sequence[Mapping[str, str]],
    metrics: Mapping[str, MetricSpec],
    bicubic: Mapping[str, float] | None = None,
    *,
    each: int = 1,
) -> bytes:
    """Return rows of metrics.csv as a PNG, 1200 pixels wide, with a panel for each thing to be
    read.

    Losses and gradients that span a power of ten are on a logarithmic axis. A line of more than 200
    points is pale, and the medians of its rows are drawn over it; so is one of training with more
    than 20, under the means of neighbouring rows. Dotted lines begin a stage, a circle is the best
    validation of one. `metrics` gives unit and direction of the columns that are metrics, by their
    labels; `bicubic`, what interpolation scores there, is a horizontal line; `each` says for how
    many rows of training one stands. Without figures the PNG is empty.
    """
    shown, stages = panels(rows, metrics, bicubic), eras(rows)
    across = 2 if len(shown) in (2, 4) else 3
    down = max(ceil(len(shown) / across), 1)
    figure = _sheet(down)
    canvas = FigureCanvasAgg(figure)  # before the panels: they measure words as it draws them
    for number, panel in enumerate(shown, 1):
        axes = figure.add_subplot(down, across, number)
        draw_panel(axes, panel, stages)
        axes.set_xlabel("step" if number + across > len(shown) else "", fontsize=9)
    figure.legend(
        handles=_key(shown, each),
        loc="upper center",
        ncols=8,
        fontsize=8,
        columnspacing=1.4,
        frameon=False,
    )
    content = BytesIO()
    canvas.print_png(content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def _sheet(down: int) -> Figure:
    """Make an empty figure whose margins, in inches, do not depend on how many panels it has."""
    height = down * PANEL + HEAD
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    figure.subplots_adjust(
        left=0.055,
        right=0.985,
        bottom=0.5 / height,
        top=1 - (HEAD + MARGIN) / height,
        wspace=0.2,
        hspace=0.4,
    )
    return figure


def _key(shown: Sequence[Panel], each: int) -> list[Artist]:
    """Explain what the panels have in common, as far as they have it."""
    lines = [line for panel in shown for line in panel.lines]
    splits = {line.split for line in lines}
    key: list[Artist] = [
        Line2D([], [], **style(split, 0), label=word)
        for split, word in WORDS.items()
        if split in splits
    ]
    sizes = [
        gathered(line)[1] * (each if line.split == "train" else 1)
        for line in lines
        if has_many(line)
    ]
    widths = [smoothed(line)[1] for line in lines if is_noisy(line)]
    for word, many in (("median", sizes), ("mean", widths)):
        if many:
            told = f"{word} of up to {max(many)} rows"
            key.append(Line2D([], [], color=GREY, linewidth=1.5, label=told))
    if sizes or widths:
        key.append(Line2D([], [], color=GREY, label="every row", **PALE))
    if any(panel.baselines for panel in shown):
        key.append(Line2D([], [], label="bicubic", **BASELINE))
    if any(point.spread for line in lines for point in line.points):
        key.append(Patch(**band_style(), label="± deviation over pictures"))
    if any(panel.best for panel in shown):
        key.append(Line2D([], [], label="best of a stage", **CIRCLE))
    return key
