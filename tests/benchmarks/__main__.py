"""How fast is srkit on this machine, beside what its users would pick instead?

    uv run python -m tests.benchmarks                    # everything, half an hour on two cores
    uv run python -m tests.benchmarks step:rrdb-4 upscale  # families, and parts of their names
    uv run python -m tests.benchmarks --list | --quick | --no-peers
    uv run python -m tests.benchmarks --json FILE        # figures, written after each work
    uv run python -m tests.benchmarks --page             # docs/speed.md of the committed figures

In turn with its peer, srkit does the same work through its public commands and functions; ratios
are medians over pairs, with the least and the largest. Peers run in an environment of their own,
which uv makes once. A file holds figures of one processor: rows of some works come beside those
that are in it, a whole table replaces them. SRKIT_ASSETS names a folder with `photos`, which some
works need.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.bench import Bench, Case, measure
from tests.benchmarks.families import FAMILIES, cases_of, chosen, together
from tests.benchmarks.machine import machine_facts
from tests.benchmarks.peers import default_folder, peer_python
from tests.benchmarks.rates import measured_apart
from tests.benchmarks.row import Row, kept_rows, write_figures
from tests.benchmarks.told import machine_lines, row_lines

FIGURES = Path(__file__).parent / "speed.json"


def main() -> None:
    """Do what is asked."""
    given = _parser().parse_args()
    if given.list:
        print("\n".join(_listed()))
    elif given.page:
        from tests.benchmarks.speed_page import write_speed_page

        write_speed_page(FIGURES)
    else:
        _measure(given, chosen(given.works))


def _measure(given: argparse.Namespace, works: Sequence[tuple[str, Case]]) -> None:
    peers = None if given.no_peers else peer_python(given.peers)
    facts: dict[str, Any] = machine_facts()
    whole = not given.works and not given.quick
    kept = kept_rows(given.json, facts, whole=whole) if given.json else []
    began = time.perf_counter()
    facts["rates"] = measured_apart()
    assets = os.environ.get("SRKIT_ASSETS")
    bench = Bench(facts, peers, given.quick, given.pairs, Path(assets) if assets else None)
    print("\n".join(machine_lines(facts)), flush=True)
    rows = list[Row]()
    try:
        for family, cases in together(works):
            found = measure(family, cases, bench)
            rows += found
            print("\n".join(line for row in found for line in row_lines(row)), flush=True)
            if given.json:
                write_figures(given.json, facts, rows, kept)
    finally:
        bench.close()
    if given.json and whole:
        write_figures(given.json, facts, rows)
    print(f"in all {(time.perf_counter() - began) / 60:.1f} minutes")
    missed = [f"{row.work} ({', '.join(row.missed())})" for row in rows if row.missed()]
    if missed:
        print(f"below what is wanted: {'; '.join(missed)}")


def _listed() -> Iterator[str]:
    for family, about in FAMILIES.items():
        yield f"{family}: {about}"
        yield from (f"  {case.work}" for case in cases_of(family))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("works", nargs="*", metavar="FAMILY[:PART]", help="what is measured")
    parser.add_argument("--list", action="store_true", help="say what there is, measure nothing")
    parser.add_argument("--quick", action="store_true", help="small and twice: does all of it run?")
    parser.add_argument("--pairs", type=int, help="how often each way is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures, and keep others")
    parser.add_argument(
        "--page", action="store_true", help=f"write docs/speed.md of {FIGURES.name}"
    )
    where = "where the peers' environment is made (%(default)s)"
    parser.add_argument("--peers", type=Path, default=default_folder(), metavar="DIR", help=where)
    parser.add_argument("--no-peers", action="store_true", help="measure srkit alone")
    return parser


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
