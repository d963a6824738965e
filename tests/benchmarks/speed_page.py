"""How are measured rows told on a page of the manual?"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.causes import CAUSES, Cause, cause
from tests.benchmarks.families import FAMILIES, chosen
from tests.benchmarks.quality_page import QUALITY, Quality, quality_section, read_quality
from tests.benchmarks.row import BF16, FP32, PEER, Row, read_figures
from tests.benchmarks.told import duration, flops_words, load_words, ratio_words
from tests.benchmarks.worker import ROOT

_ABOUT = """\
# Speed beside others

Written by `python -m tests.benchmarks --page` from the figures of `tests/benchmarks/speed.json`,
which `uv run python -m tests.benchmarks --json FILE` measures; both are in the repository.

Peer and srkit did the same work in turn, in processes of their own, pair after pair; a ratio says
how many times as long the peer took: the median of the pairs, with the least and the largest. What
the machine could do is the same work at a rate that was measured of the machine itself: products
and convolutions, copies in memory, files. Absolute times hold for this machine and hour alone.

"""
_HEAD = """\
| work | peer | srkit | ratio | srkit, bf16 | ratio | the machine could | peak memory, MB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""
_NO_DAY = "On which day rows were measured is not recorded."
_PICTURE = "speed.png"


def write_speed_page(figures: Path, folder: Path = ROOT / "docs") -> None:
    """Write speed.md and its picture into a folder from a file of figures."""
    machine, rows = read_figures(figures)
    page = speed_page(machine, rows, read_quality(QUALITY))
    (folder / "speed.md").write_text(page, encoding="utf-8")
    draw_ratios(rows, folder / _PICTURE)


def speed_page(
    machine: Mapping[str, Any],
    rows: Sequence[Row],
    quality: Quality | None = None,
    known: Mapping[str, Sequence[Cause]] = CAUSES,
) -> str:
    """Return the page, with the causes that are known."""
    parts = [_ABOUT + _filled(_machine(machine))]
    parts += [_filled(text) for text in (_when(rows), load_words(machine["cores"], _loads(rows)))]
    parts.append(f"![How many times as long the peer took]({_PICTURE})")
    for family, about in FAMILIES.items():
        found = [row for row in rows if row.family == family]
        if found:
            parts += [f"## {about[0].upper()}{about[1:]}", *_family(found)]
    if quality:
        parts.append(quality_section(quality))
    parts += ["## Below what is wanted", "\n".join(_missed(machine, rows, known))]
    if open_works := [*_not_measured(rows), *_left_out(rows)]:
        parts += ["## Not measured yet", "\n".join(open_works)]
    return "\n\n".join(parts) + "\n"


def _machine(machine: Mapping[str, Any]) -> str:
    rates, versions = machine["rates"], machine["versions"]
    named = ", ".join(f"{name} {value}" for name, value in versions.items())
    return (
        f"Measured on {machine['processor']} ({machine['model']}), {machine['cores']} cores, "
        f"{machine['memory_gb']:.0f} GB of memory; of the units that matter it has "
        f"{', '.join(machine['units']) or 'none'}; {named}. Its rates at the last measuring: "
        f"{flops_words(rates)}, copies of {rates['bytes copied'] / 1e9:.1f} GB/s, files of "
        f"{rates['bytes written'] / 1e6:,.0f} MB/s, {rates['fsyncs']:,.0f} fsyncs a second."
    )


def _when(rows: Sequence[Row]) -> str:
    days = sorted({row.day for row in rows if row.day})
    return f"Rows are of {' to '.join(dict.fromkeys((days[0], days[-1])))}." if days else _NO_DAY


def _loads(rows: Sequence[Row]) -> dict[str, Sequence[float]]:
    return {row.work: row.load for row in rows}


def _family(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the table of a family and what is to be said of it."""
    measured = [row for row in rows if not row.skipped]
    if measured:
        yield "\n".join([_HEAD, *map(_line, measured)])
    told = dict.fromkeys(_filled(f"* {text}", "  ") for row in rows for text in _said(row))
    if told:
        yield "\n".join(told)


def _said(row: Row) -> Iterator[str]:
    if row.skipped:
        yield f"{row.work}: not measured; {row.skipped}."
        return
    if row.peer:
        yield f"{'Peer' if PEER in row.seconds else 'No peer'}: {row.peer}."
    if row.limit:
        yield f"The machine could: {_unnumbered(row.limit)}."
    for way, why in row.left_out.items():
        yield f"{way}: not measured, as {why}; these rows stay open."
    if row.note:
        yield f"{row.note[0].upper()}{row.note[1:]}."


def _unnumbered(text: str) -> str:
    """Return what a limit is of without this row's own number, which may stand before `: `."""
    return text.partition(": ")[2] or text


def _line(row: Row) -> str:
    could = " / ".join(duration(row.limits[way]) for way in (FP32, BF16) if way in row.limits)
    known = [row.memory_mb[way] for way in (PEER, FP32, BF16) if way in row.memory_mb]
    memory = " / ".join(f"{one:,.0f}" for one in known)
    cells = [f"{row.work}, {row.per}", _time(row, PEER)]
    for way in (FP32, BF16):
        cells += [_time(row, way), _ratio(row, way)]
    return f"| {' | '.join([*cells, could, memory])} |"


def _time(row: Row, way: str) -> str:
    time = row.time(way)
    return duration(time.median) if time else "not measured" if way in row.left_out else ""


def _ratio(row: Row, way: str) -> str:
    found = row.ratio(way)
    return ratio_words(found) if found else ""


def _missed(
    machine: Mapping[str, Any], rows: Sequence[Row], known: Mapping[str, Sequence[Cause]]
) -> Iterator[str]:
    """Yield what does not reach its goal, and why."""
    missed = [(row, way) for row in rows for way in row.missed()]
    for row, way in missed:
        said = f"* {row.work}{', bf16' if way == BF16 else ''}: {_ratio(row, way)}, wanted "
        yield _filled(f"{said}{row.goals[way]:.3g}. {cause(row, way, machine, known)}", "  ")
    if not missed:
        yield "Nothing of what was measured."


def _not_measured(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the works that the figures have no row of, a line a family."""
    known = {(row.family, row.work) for row in rows}
    for family in FAMILIES:
        left = [case.work for _, case in chosen([family]) if (family, case.work) not in known]
        if left:
            yield _filled(f"* `{family}`: {'; '.join(left)}.", "  ")


def _left_out(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the rows that lack a way, a line a way and reason, with what is wanted of it."""
    found = dict[tuple[str, str], list[str]]()
    for row in rows:
        for way, why in row.left_out.items():
            wanted = f" (wanted {row.goals[way]:.3g})" if way in row.goals else ""
            found.setdefault((way, why), []).append(f"{row.work}{wanted}")
    for (way, why), works in found.items():
        yield _filled(f"* In {way}, as {why}: {'; '.join(works)}.", "  ")


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 100, subsequent_indent=indent, break_on_hyphens=False)


def drawn_ratios(rows: Sequence[Row]) -> list[tuple[str, str, float, float, float]]:
    """Return what the picture shows, from above: work, way, median, least and largest ratio."""
    return [
        (f"{row.family}: {row.work}", way, found.median, found.low, found.high)
        for row in rows
        for way in (FP32, BF16)
        if (found := row.ratio(way))
    ]


def draw_ratios(rows: Sequence[Row], path: Path) -> None:
    """Draw every ratio to a peer as a point with its spread, on a logarithmic axis."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    shown = drawn_ratios(rows)
    works = list(dict.fromkeys(work for work, *_ in shown))
    figure, axes = plt.subplots(figsize=(10, 1.1 + 0.27 * len(works)))
    for way, name, colour, shift in (
        (FP32, "srkit", "#1f5fa8", -0.14),
        (BF16, "srkit, bf16", "#d2691e", 0.14),
    ):
        of_way = [one for one in shown if one[1] == way]
        places = [works.index(work) + shift for work, *_ in of_way]
        middles = [median for *_, median, _, _ in of_way]
        spans = [[m - low for *_, m, low, _ in of_way], [high - m for *_, m, _, high in of_way]]
        axes.errorbar(middles, places, xerr=spans, fmt="o", color=colour, ms=4, label=name)
        for middle, place in zip(middles, places, strict=True):
            axes.annotate(
                f"{middle:.2f}",
                (middle, place),
                (5, 3),
                textcoords="offset points",
                fontsize=7,
                color=colour,
            )
    _dress(axes, works)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _dress(axes: Any, works: Sequence[str]) -> None:
    from matplotlib.ticker import ScalarFormatter

    axes.axvline(1, color="black", lw=0.8)
    axes.set_xscale("log")
    axes.set_xticks([0.5, 1, 2, 3, 5, 10, 20, 50, 100])
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter("")
    axes.set_yticks(range(len(works)), works, fontsize=8)
    axes.set_ylim(len(works) - 0.4, -0.6)
    axes.grid(axis="x", lw=0.3)
    axes.set_xlabel("how many times as long the peer took", fontsize=8)
    axes.legend(fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
