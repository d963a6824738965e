"""How does what srkit costs grow with what it is given?

uv run python -m tests.benchmarks.growth                 # every curve, half an hour
uv run python -m tests.benchmarks.growth files plugins   # those whose names hold a word
uv run python -m tests.benchmarks.growth --list | --quick | --long
uv run python -m tests.benchmarks.growth --json FILE     # points, written after each curve
uv run python -m tests.benchmarks.growth --page          # docs/growth.md of the committed ones

A file holds points of one processor: some curves come beside those that are in it, all of them
replace it.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks.bench import Bench
from tests.benchmarks.cluster import AVERAGED, PARAMETERS, RRDB_PARAMETERS
from tests.benchmarks.growth_curves import (
    Asked,
    Growth,
    Point,
    listed_runs,
    listing_plugins,
    logged_rows,
    opening_files,
    preparing,
    preparing_files,
    reported_rows,
    upscaling,
    validated_pictures,
)
from tests.benchmarks.growth_processes import averaging, sharing_a_step, sharing_pictures, tasks
from tests.benchmarks.machine import load_average, machine_facts, stays
from tests.benchmarks.told import count_words, duration

POINTS = Path(__file__).parent / "growth.json"
_FILES, _ROWS = (10, 100, 1000, 10_000), (100, 10_000, 1_000_000)
_SR, _HR = "megapixels of SR", "megapixels of HR"
_LOGGED = "rows in metrics.csv"
_CURVES = (
    "All rows are read for it, which is what takes the memory; a run draws again only after a "
    "hundred times as long as the last drawing took."
)


def _asked() -> Iterator[Asked]:
    """Yield every curve."""
    yield from _of_pixels()
    yield from _of_files()
    yield from _of_processes()
    yield from _of_rows()
    plugins = Growth("srkit list", "plugins beside those that are here", "linear")
    yield Asked(plugins, (1, 10, 50, 100, 200), listing_plugins)
    scored = Growth("a validation and two steps", "pictures of 128 x 192", "linear")
    yield Asked(scored, (1, 4, 16, 64), validated_pictures)


def _of_pixels() -> Iterator[Asked]:
    compact = "compact-photo-x4"
    grown = Growth(f"upscale, {compact}", _SR, "linear")
    yield Asked(grown, (0.1, 1, 10, 30), partial(upscaling, compact), long=(100,))
    grown = Growth("upscale, bicubic", _SR, "linear")
    yield Asked(grown, (0.1, 1, 10, 30), partial(upscaling, "bicubic"), long=(100,))
    yield Asked(Growth("prepare, one picture", _HR, "linear"), (0.1, 1, 10, 30, 100), preparing)


def _of_files() -> Iterator[Asked]:
    many = Growth("prepare, files of 64 x 96", "files", "linear")
    yield Asked(many, _FILES, preparing_files)
    yield Asked(Growth("open a folder to train on", "files", "linear"), _FILES, opening_files)


def _of_processes() -> Iterator[Asked]:
    step = Growth("a step of RRDB-4 on 4 crops of 64, gloo", "processes of a thread", "fewer")
    yield Asked(step, (1, 2), sharing_a_step)
    shared = Growth("prepare, 24 pictures of a megapixel", "processes", "fewer")
    yield Asked(shared, (1, 2), sharing_pictures)
    sizes = (100_000, 1_000_000, 10_000_000, RRDB_PARAMETERS)
    yield Asked(Growth(AVERAGED, PARAMETERS, "linear"), sizes, averaging)
    dask = Growth("tasks that do nothing, by Dask", "tasks", "linear")
    yield Asked(dask, (10, 100, 1000), tasks, long=(10_000,))


def _of_rows() -> Iterator[Asked]:
    parts = ("a row is logged", "logged rows are made safe", "curves.png is drawn")
    expected = ("flat", "flat", "linear")
    for place, (name, grows) in enumerate(zip(parts, expected, strict=True)):
        grown = Growth(name, _LOGGED, grows, why=_CURVES if name.startswith("curves") else "")
        yield Asked(grown, _ROWS, partial(logged_rows, place))
    page, runs = ["report", "{run}", "--out", "{page}"], ["runs", "{folder}"]
    report = Growth("srkit report", _LOGGED, "linear")
    yield Asked(report, _ROWS, partial(reported_rows, page))
    yield Asked(Growth("srkit runs", _LOGGED, "flat"), _ROWS, partial(reported_rows, runs))
    many = Growth("srkit runs, of many", "runs of 2,000 rows", "linear")
    yield Asked(many, (1, 10, 100), listed_runs)


def chosen_curves(words: Sequence[str]) -> list[Asked]:
    """Return the curves whose names or units hold one of the words; all without words."""
    every = list(_asked())
    named = [(f"{one.growth.name}, {one.growth.unit}".lower(), one) for one in every]
    found = [one for name, one in named if not words or any(word.lower() in name for word in words)]
    if not found:
        raise SystemExit(
            f"no curve is called so; there are: {'; '.join(name for name, _ in named)}"
        )
    return found


def main() -> None:
    """Do what is asked."""
    given = _parser().parse_args()
    asked = chosen_curves(given.curves)
    if given.list:
        print("\n".join(f"{one.growth.name}: {one.growth.unit}" for one in asked))
    elif given.page:
        from tests.benchmarks.growth_page import write_growth_page

        write_growth_page(POINTS)
    else:
        _measure(asked, given)


def _measure(asked: Sequence[Asked], given: argparse.Namespace) -> None:
    bench = Bench(machine_facts(), pairs=1 if given.quick else 3)
    began, curves = time.perf_counter(), list[Growth]()
    whole = not given.curves and not given.quick
    kept = kept_curves(given.json, bench.machine, whole=whole) if given.json else []
    try:
        for one in asked:
            curves.append(_measured(one, one.chosen(quick=given.quick, long=given.long), bench))
            if given.json:
                write_points(given.json, bench.machine, curves, kept)
    finally:
        bench.close()
    if given.json and whole:
        write_points(given.json, bench.machine, curves)
    print(f"in all {(time.perf_counter() - began) / 60:.1f} minutes")


def _measured(one: Asked, sizes: Sequence[float], bench: Bench) -> Growth:
    """Return the curve with its points, which are printed one by one."""
    print(f"{one.growth.name}, {one.growth.unit}:", flush=True)
    before, points = load_average(), list[Point]()
    for point in one.points(sizes, bench):
        points.append(point)
        memory = f" {point.memory_mb:,.0f} MB" if point.memory_mb else ""
        print(f"  {count_words(point.size):>12} {duration(point.seconds):>8}{memory}", flush=True)
    load = [value for value in (before, load_average()) if value is not None]
    day = date.today().isoformat()
    grown = replace(one.growth, points=tuple(points), load=load, day=day)
    print(f"  expected {grown.expected}: {grown.verdict}", flush=True)
    return grown


def kept_curves(file: Path, machine: Mapping[str, Any], *, whole: bool) -> list[Growth]:
    """Return the curves of a file that stay until they are measured again.

    Raises SystemExit as `stays` does.
    """
    if not file.is_file():
        return []
    before, known = read_points(file)
    return known if stays(file, before, machine, whole=whole) else []


def write_points(
    file: Path,
    machine: Mapping[str, Any],
    curves: Iterable[Growth],
    kept: Iterable[Growth] = (),
) -> None:
    """Write curves, and what is kept of others that were not measured again."""
    found = {one.name: one for one in (*kept, *curves)}
    document = {"machine": machine, "curves": [asdict(one) for one in found.values()]}
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_points(file: Path) -> tuple[dict[str, Any], list[Growth]]:
    """Return what `write_points` wrote: the machine and the curves."""
    told = json.loads(file.read_text(encoding="utf-8"))
    return told["machine"], [Growth.from_dict(one) for one in told["curves"]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.growth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("curves", nargs="*", metavar="WORD", help="a word of a curve's name")
    parser.add_argument("--list", action="store_true", help="say what there is, measure nothing")
    parser.add_argument("--quick", action="store_true", help="two small sizes: does it all run?")
    parser.add_argument("--long", action="store_true", help="sizes that take minutes, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write points, and keep others")
    parser.add_argument("--page", action="store_true", help="write docs/growth.md")
    return parser


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
