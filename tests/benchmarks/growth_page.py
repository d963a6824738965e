"""How are measured curves of growth told on a page of the manual?"""

import textwrap
from collections.abc import Sequence
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

from tests.benchmarks.cluster import AVERAGED, MACHINES, RRDB_PARAMETERS, cluster_lines
from tests.benchmarks.growth import read_points
from tests.benchmarks.growth_curves import Growth
from tests.benchmarks.row import Row, read_figures
from tests.benchmarks.told import count_words, duration, load_words
from tests.benchmarks.worker import ROOT

SPEED = Path(__file__).parent / "speed.json"
_PICTURE = "growth.png"
_ABOUT = """\
# What it costs to have more

Written by `python -m tests.benchmarks.growth --page` from the points of
`tests/benchmarks/growth.json`, which `uv run python -m tests.benchmarks.growth --json FILE`
measures; both are in the repository. Each point was measured once, or is the middle of three where
several sizes took turns, so a curve says how cost grows, and not what it is elsewhere."""
_CLUSTER = f"""\
## What a cluster of {MACHINES[-1]} machines would do

None was at hand: this is arithmetic, of pieces that were measured. Rates of networks are supposed.
In a step gradients are averaged once; a ring of N machines sends 2 (N - 1) / N times their bytes
through each. The first figure is images a second if nothing else went on meanwhile, the second if
the exchange hides behind the backward pass, as torch's DistributedDataParallel does it bucket by
bucket, two thirds of the step."""
_REST = """\
* **Crops** are a function of the seed and the number of the sample: no machine asks another for
  them, so loading grows with the machines, and the CPU seconds above say how many cores one needs.
* **Preparing** over Dask (`srkit prepare --cluster`) gives a picture to a worker and gets its
  record back: pictures do not know of each other, so the files of the curve above divide by the
  workers, and what stays on the client is its start and the manifest.
* **Validation** is shared out picture by picture; a checkpoint is written by the first process
  alone, so that its time does not divide.
* **What grows** with the batch, which here is as many times as large as there are machines, is the
  steps that are needed to the same score; no machine was at hand to measure that."""


def write_growth_page(file: Path, folder: Path = ROOT / "docs") -> None:
    """Write growth.md and its picture into a folder from a file of points."""
    machine, curves = read_points(file)
    rows = read_figures(SPEED)[1] if SPEED.is_file() else []
    (folder / "growth.md").write_text(growth_page(machine, curves, rows), "utf-8")
    draw_growth(curves, folder / _PICTURE)


def growth_page(machine: Any, curves: Sequence[Growth], rows: Sequence[Row]) -> str:
    """Return the page."""
    where = f"Measured on {machine['processor']} ({machine['model']}), {machine['cores']} cores."
    when = load_words(machine["cores"], {one.name: one.load for one in curves})
    parts = [_ABOUT, where, _filled(when), f"![Seconds over size, a panel a curve]({_PICTURE})"]
    parts += ["\n".join([*_head(), *map(_line, curves)])]
    parts += ["\n".join(_sentence(one) for one in curves)]
    parts += [_CLUSTER, "\n".join(cluster_lines(_averaged(curves), rows)), _REST]
    return "\n\n".join(parts) + "\n"


def _head() -> list[str]:
    return ["| what | of | seconds | peak memory, MB |", "| --- | --- | --- | ---: |"]


def _line(one: Growth) -> str:
    said = ", ".join(
        f"{count_words(point.size)}: {duration(point.seconds)}" for point in one.points
    )
    memory = [point.memory_mb for point in one.points if point.memory_mb]
    largest = f"{memory[0]:,.0f} to {memory[-1]:,.0f}" if memory else ""
    return f"| {one.name} | {one.unit} | {said} | {largest} |"


def _sentence(one: Growth) -> str:
    """Return whether a curve is as expected, and why not."""
    steepness = "" if one.exponent is None else f" (exponent {one.exponent:.2f} at the end)"
    as_expected = {"linear": ("linear",), "flat": ("flat", "falling"), "fewer": ("falling",)}
    hoped = {"linear": "linear", "flat": "flat", "fewer": "to fall"}[one.expected]
    if one.verdict in as_expected[one.expected]:
        told = f"{one.verdict}{steepness}, as expected"
    elif one.expected == "linear" and one.verdict in ("flat", "flatter than linear", "falling"):
        told = f"{one.verdict}{steepness}, since what does not grow still outweighs the rest"
    else:
        told = f"{one.verdict}{steepness}, expected {hoped}"
    if one.expected == "linear" and one.each and one.each > 0:
        told += f"; one more costs {duration(one.each)} there"
    why = f" {one.why}" if one.why else ""
    return _filled(f"* **{one.name}**, {one.unit}: {told}.{why}", "  ")


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 100, subsequent_indent=indent, break_on_hyphens=False)


def _averaged(curves: Sequence[Growth]) -> float | None:
    """Return in how many seconds the gradients of RRDB-23 were averaged, where that is known."""
    points = (point for one in curves if one.name == AVERAGED for point in one.points)
    return next((point.seconds for point in points if point.size == RRDB_PARAMETERS), None)


def draw_growth(curves: Sequence[Growth], path: Path) -> None:
    """Draw every curve in a panel of its own, both axes logarithmic, beside a line of slope 1."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    across = 4
    down = -(-len(curves) // across)
    figure, panels = plt.subplots(down, across, figsize=(11, 2.5 * down), squeeze=False)
    for panel in panels.flat[len(curves) :]:
        panel.set_visible(False)
    for panel, one in zip(panels.flat, curves, strict=False):
        _draw(panel, one)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _draw(panel: Any, one: Growth) -> None:
    sizes = [point.size for point in one.points]
    seconds = [point.seconds for point in one.points]
    panel.plot(sizes, seconds, marker="o", ms=4, color="#1f5fa8")
    slope = {"linear": 1, "flat": 0, "fewer": -1}[one.expected]
    straight = [seconds[-1] * (size / sizes[-1]) ** slope for size in sizes]
    panel.plot(sizes, straight, lw=0.8, ls="--", color="#888888")
    panel.set_xscale("log")
    panel.set_yscale("log")
    _set_decades(panel, seconds)
    panel.set_title(one.name, fontsize=8)
    panel.set_xlabel(one.unit, fontsize=7)
    panel.tick_params(labelsize=7)
    panel.grid(lw=0.3)


def _set_decades(panel: Any, seconds: Sequence[float]) -> None:
    """Show whole powers of ten, two at least, in units that are read: a flat curve looks flat."""
    from matplotlib.ticker import FixedLocator, NullFormatter

    lowest, highest = floor(log10(min(seconds))), ceil(log10(max(seconds)))
    decades = range(lowest - (highest - lowest < 2), highest + 1)
    panel.set_ylim(10.0 ** decades[0], 10.0 ** decades[-1])
    names = [_power(decade) for decade in decades]
    panel.yaxis.set_major_locator(FixedLocator([10.0**decade for decade in decades]))
    panel.yaxis.set_major_formatter(lambda _, place: names[place])
    panel.yaxis.set_minor_formatter(NullFormatter())
    panel.xaxis.set_major_formatter(lambda value, _: _tick(value))
    panel.xaxis.set_minor_formatter(NullFormatter())


def _power(decade: int) -> str:
    """Return ten to a power, in seconds, as 10 ms or 100 s."""
    unit, shift = ("s", 0) if decade >= 0 else ("ms", 3) if decade >= -3 else ("us", 6)
    return f"{10 ** (decade + shift):,g} {unit}"


def _tick(count: float) -> str:
    """Return a count that fits below an axis: 0.1, 100, 10k or 1M."""
    for letter, least in (("M", 1e6), ("k", 1e3)):
        if count >= least:
            return f"{count / least:g}{letter}"
    return f"{count:g}"
