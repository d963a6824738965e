"""How does what srkit costs grow with what it is given?

uv run python -m tests.benchmarks.growth                 # every curve, half an hour
uv run python -m tests.benchmarks.growth files plugins   # those whose names hold a word
uv run python -m tests.benchmarks.growth --list | --quick
uv run python -m tests.benchmarks.growth --json FILE     # points, kept beside those in the file
uv run python -m tests.benchmarks.growth --page          # docs/growth.md of the committed ones
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.cluster import AllReduce, measured_all_reduce
from tests.benchmarks.growth_curves import (
    Asked,
    Growth,
    listing_plugins,
    logged_rows,
    opening_files,
    preparing,
    preparing_files,
    reported_rows,
    sharing_processes,
    upscaling,
    validated_pictures,
)
from tests.benchmarks.machine import machine_facts
from tests.benchmarks.told import count_words, duration

POINTS = Path(__file__).parent / "growth.json"
_SMALL, _LARGE = (0.1, 0.3, 1, 3, 10), (0.1, 1, 10, 30, 100)
_FILES, _ROWS = (10, 100, 1000, 10_000), (100, 10_000, 1_000_000)
_SR, _HR = "megapixels of SR", "megapixels of HR"
_LOGGED = "rows in metrics.csv"


_CURVES = (
    "All rows are read for it, which is what takes the memory; a run draws again only after a "
    "hundred times as long as the last drawing took."
)


def _asked() -> Iterator[Asked]:
    """Yield every curve."""
    model = "upscale, compact-photo-x4"
    yield Asked(
        Growth(model, _SR, "linear"), _SMALL, (0.1, 0.3), partial(upscaling, "compact-photo-x4")
    )
    bicubic = partial(upscaling, "bicubic")
    yield Asked(Growth("upscale, bicubic", _SR, "linear"), _LARGE, (0.1, 1), bicubic)
    yield Asked(Growth("prepare, one picture", _HR, "linear"), _LARGE, (0.1, 1), preparing)
    many = Growth("prepare, files of 64 x 96", "files", "linear")
    yield Asked(many, _FILES, (10, 100), preparing_files)
    opening = Growth("open a folder to train on", "files", "linear")
    yield Asked(opening, _FILES, (10, 100), opening_files)
    plugins = Growth("srkit list", "plugins beside those that are here", "linear")
    yield Asked(plugins, (1, 10, 50, 100, 200), (1, 10), listing_plugins)
    shared = Growth("prepare, 24 pictures of a megapixel", "processes", "fewer")
    yield Asked(shared, (1, 2), (1, 2), sharing_processes)
    parts = ("a row is logged", "logged rows are made safe", "curves.png is drawn")
    expected = ("flat", "flat", "linear")
    for place, (name, grows) in enumerate(zip(parts, expected, strict=True)):
        grown = Growth(name, _LOGGED, grows, why=_CURVES if name.startswith("curves") else "")
        yield Asked(grown, _ROWS, (100, 10_000), partial(logged_rows, place))
    page = ["report", "{run}", "--out", "{page}"]
    yield Asked(
        Growth("srkit report", _LOGGED, "linear"),
        _ROWS,
        (100, 10_000),
        partial(reported_rows, page),
    )
    runs = ["runs", "{folder}"]
    yield Asked(
        Growth("srkit runs", _LOGGED, "flat"), _ROWS, (100, 10_000), partial(reported_rows, runs)
    )
    scored = Growth("a validation and two steps", "pictures of 128 x 192", "linear")
    yield Asked(scored, (1, 4, 16, 64), (1, 4), validated_pictures)


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
    elif given.all_reduce:
        found = measured_all_reduce()
        print(f"{found.gradients / 1e6:.1f} MB: {duration(found.seconds)}")
        if given.json:
            write_points(given.json, machine_facts(), [], found)
    else:
        _measure(asked, given.json, quick=given.quick)


def _measure(asked: Sequence[Asked], file: Path | None, *, quick: bool) -> None:
    bench = Bench(machine_facts())
    try:
        for one in asked:
            points = list[object]()
            print(f"{one.growth.name}, {one.growth.unit}:", flush=True)
            for point in one.points(one.quick if quick else one.sizes, bench):
                points.append(point)
                memory = f" {point.memory_mb:,.0f} MB" if point.memory_mb else ""
                print(
                    f"  {count_words(point.size):>12} {duration(point.seconds):>8}{memory}",
                    flush=True,
                )
            grown = replace(one.growth, points=tuple(points))
            print(f"  expected {grown.expected}: {grown.verdict}")
            if file:
                write_points(file, bench.machine, [grown])
    finally:
        bench.close()


def write_points(
    file: Path, machine: object, curves: Sequence[Growth], reduced: AllReduce | None = None
) -> None:
    """Write curves and the averaging of gradients, and keep what was not measured again."""
    kept: dict[str, Growth] = {}
    if file.is_file():
        _, before, averaged = read_points(file)
        kept, reduced = {one.name: one for one in before}, reduced or averaged
    kept |= {one.name: one for one in curves}
    document = {"machine": machine, "curves": [asdict(one) for one in kept.values()]}
    document["all_reduce"] = asdict(reduced) if reduced else None
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_points(file: Path) -> tuple[dict[str, object], list[Growth], AllReduce | None]:
    """Return what `write_points` wrote: the machine, the curves, and the averaging."""
    told = json.loads(file.read_text(encoding="utf-8"))
    reduced = AllReduce(**told["all_reduce"]) if told["all_reduce"] else None
    return told["machine"], [Growth.from_dict(one) for one in told["curves"]], reduced


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.growth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("curves", nargs="*", metavar="WORD", help="a word of a curve's name")
    parser.add_argument("--list", action="store_true", help="say what there is, measure nothing")
    parser.add_argument("--quick", action="store_true", help="two small sizes: does it all run?")
    parser.add_argument(
        "--all-reduce", action="store_true", help="average gradients, for a cluster"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write points, and keep others")
    parser.add_argument("--page", action="store_true", help="write docs/growth.md")
    return parser


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
