"""How is one panel of the curves drawn?"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from srkit_core.engine.logs.columns import Axis, LogSplit
from srkit_core.engine.logs.curves.series import (
    Era,
    Line,
    Panel,
    Point,
    gathered,
    has_many,
    is_noisy,
    smoothed,
)

FEW: Final = 30
"""A line of at most as many points shows each."""
_DECIMAL: Final = 1e-3
DECADE: Final = 10.0
"""Positive figures whose highest is as many times the lowest are drawn on a logarithmic axis."""

# Of Okabe and Ito, who chose colours that every kind of eye tells apart; cold ones are training,
# warm ones validation.
_COLOURS: Final[Mapping[LogSplit, Sequence[str]]] = {
    "train": ("#0072B2", "#56B4E9"),
    "val": ("#D55E00", "#E69F00", "#CC79A7", "#009E73", "#000000"),
}
_MARKERS: Final[Mapping[LogSplit, str]] = {"train": "o", "val": "os^Dv"}
_DASHES: Final = ("-", "--", "-.", ":")
WORDS: Final[Mapping[LogSplit, str]] = {"train": "training", "val": "validation"}
GREY: Final = "#606060"
_SMALL: Final = 7.5
_SMALLEST: Final = 4.5
"""Sizes of letters, in points: of words beside the lines, and of the longest of them."""
_STEPS: Final = EngFormatter(sep="")
PALE: Final[Mapping[str, Any]] = {"linewidth": 0.6, "alpha": 0.4}
BASELINE: Final[Mapping[str, Any]] = {"color": "black", "linewidth": 1.2, "linestyle": (0, (1, 1))}
CIRCLE: Final[Mapping[str, Any]] = {
    "linestyle": "",
    "marker": "o",
    "markersize": 10,
    "markerfacecolor": "none",
    "color": "black",
}


def draw_panel(axes: Axes, panel: Panel, stages: Sequence[Era]) -> None:
    """Draw a panel over the steps of the stages that it has figures of."""
    names = list(dict.fromkeys(line.name for line in panel.lines))
    for line in panel.lines:
        _draw_line(axes, line, style(line.split, names.index(line.name)))
    low, high = _range(panel.lines)
    if panel.band:
        _draw_band(axes, panel.band)
        low, high = low - panel.widest, high + panel.widest
    for _, value in panel.baselines:
        axes.axhline(value, **BASELINE)
        low, high = min(low, value), max(high, value)
    axes.plot(
        [point.step for point in panel.best],
        [point.value for point in panel.best],
        zorder=5,
        clip_on=False,
        **CIRCLE,
    )
    _set_steps(axes, _taking_part(panel, stages), marked=len(stages) > 1)
    _set_figures(axes, panel.axis, low, high)
    _set_words(axes, panel)
    if len(names) > 1:
        _tell_apart(axes, panel, names)


def style(split: LogSplit, number: int) -> dict[str, Any]:
    """Return how a line looks: in the colours of its split, by its number among the names of a
    panel.
    """
    colour, marker = (kinds[split][number % len(kinds[split])] for kinds in (_COLOURS, _MARKERS))
    return {
        "color": colour,
        "marker": marker,
        "markersize": 3 if split == "train" else 4.5,
        "linewidth": 1.5,
        "linestyle": _DASHES[number % len(_DASHES)],
    }


def band_style() -> dict[str, Any]:
    """Return how a band of standard deviations looks."""
    return {"color": _COLOURS["val"][0], "alpha": 0.12, "linewidth": 0}


def _draw_line(axes: Axes, line: Line, look: Mapping[str, Any]) -> None:
    if has_many(line) or is_noisy(line):
        steps, values, _ = _arrays(line)
        axes.plot(steps, values, color=look["color"], **PALE)
    steps, values, _ = _arrays(_legible(line))
    marker, order = look["marker"] if len(steps) <= FEW else "", 4 if line.split == "train" else 3
    axes.plot(steps, values, **{**look, "marker": marker, "zorder": order})


def _draw_band(axes: Axes, line: Line) -> None:
    steps, values, spreads = _arrays(_legible(line))
    axes.fill_between(steps, values - spreads, values + spreads, **band_style())


def _taking_part(panel: Panel, stages: Sequence[Era]) -> Sequence[Era]:
    first = min(line.points[0].step for line in panel.lines)
    return [era for era in stages if era.end >= first]


def _set_steps(axes: Axes, stages: Sequence[Era], *, marked: bool) -> None:
    begin, end = stages[0].begin, stages[-1].end
    room = 0.02 * max(end - begin, 1)
    axes.set_xlim(begin - room, end + room)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    axes.xaxis.set_major_formatter(_STEPS)
    for era in stages if marked else ():
        axes.axvline(era.begin, color=GREY, linewidth=0.8, linestyle=":")
        place: dict[str, Any] = {
            "transform": axes.get_xaxis_transform(),
            "rotation": 90,
            "verticalalignment": "top",
            "zorder": 5,
            "bbox": {"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.5},
        }
        axes.text(
            era.begin + room / 4,
            0.99,
            era.stage,
            fontsize=_SMALL,
            color=GREY,
            parse_math=False,
            **place,
        )


def _set_figures(axes: Axes, kind: Axis, low: float, high: float) -> None:
    """Choose the figures at the ends of the axis; what lies farther out is cut off."""
    if kind == "log" and low > 0 and high / low >= DECADE:
        axes.set_yscale("log")
        room = (high / low) ** 0.06
        axes.set_ylim(low / room, high * room)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < DECADE**2 else (1,)))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        low, high = (0.0, 1.0) if kind == "probability" else (low, high)
        room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        axes.set_ylim(low - room, high + room)
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(_tick))


def _tick(value: float, place: int) -> str:
    """Say a figure at an axis; a small one by its power of ten, as it would have many zeros."""
    if value == 0 or abs(value) >= _DECIMAL:
        return f"{value:g}"
    digits, power = f"{value:.3e}".split("e")
    return f"{float(digits):g}e{int(power)}"


def _set_words(axes: Axes, panel: Panel) -> None:
    axes.set_title(
        panel.title,
        loc="left",
        fontsize=10,
        fontweight="bold",
        pad=18 if panel.best else 6,
        parse_math=False,
    )
    told = axes.text(
        0,
        1.03,
        _best(panel),
        transform=axes.transAxes,
        fontsize=_SMALL,
        color=GREY,
        parse_math=False,
    )
    _fit(axes, told)
    axes.set_ylabel(panel.unit, fontsize=9, labelpad=1, parse_math=False)
    axes.tick_params(labelsize=8)
    axes.grid(visible=True, color="#E0E0E0", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _fit(axes: Axes, told: Text) -> None:
    """Let words be no wider than their panel."""
    room, size = axes.get_window_extent().width, _SMALL
    while told.get_window_extent().width > room and size > _SMALLEST:
        size -= 0.5
        told.set_fontsize(size)


def _best(panel: Panel) -> str:
    """Tell the best validations of the last two stages, and bicubic's score of the same set."""
    if not panel.best:
        return ""
    name = next(line.name for line in panel.lines if line.split == "val")
    told = "; ".join(f"{_figure(point)} at {_STEPS(point.step)}" for point in panel.best[-2:])
    bicubic = "".join(f"; bicubic {value:.4g}" for one, value in panel.baselines if one == name)
    return f"best on {name}: {told}{bicubic}" if name else f"best: {told}{bicubic}"


def _figure(point: Point) -> str:
    return f"{point.value:.4g} ± {point.spread:.2g}" if point.spread else f"{point.value:.4g}"


def _tell_apart(axes: Axes, panel: Panel, names: Sequence[str]) -> None:
    """Name the lines, where they leave most room."""
    splits = {line.name: line.split for line in reversed(panel.lines)}
    handles = [
        Line2D([], [], **style(splits[name], number), label=name)
        for number, name in enumerate(names)
    ]
    legend = axes.legend(handles=handles, fontsize=_SMALL, handlelength=1.8, loc="best")
    for text in legend.get_texts():
        text.set_parse_math(False)


def _range(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the lowest and highest figure to show: of a noisy line all medians or means, and of
    its rows 99 of 100.
    """
    noisy = [line for line in lines if has_many(line) or is_noisy(line)]
    rows = [np.quantile(_arrays(line)[1], (0.005, 0.995)) for line in noisy]
    values = np.concatenate([*rows, *(_arrays(_legible(line))[1] for line in lines)])
    return values.min().item(), values.max().item()


def _legible(line: Line) -> Line:
    if has_many(line):
        return gathered(line)[0]
    return smoothed(line)[0] if is_noisy(line) else line


def _arrays(line: Line) -> tuple[np.ndarray[Any, np.dtype[np.float64]], ...]:
    """Return steps, values and standard deviations."""
    return tuple(
        np.array([(point.step, point.value, point.spread) for point in line.points], float).T
    )
