"""Do curves of growth, and what a cluster would do, follow from their points?"""

import pytest

from tests.benchmarks.cluster import (
    AVERAGED,
    PARAMETERS,
    RRDB_PARAMETERS,
    cluster_lines,
    efficiency,
    ring_seconds,
)
from tests.benchmarks.growth import chosen_curves, kept_curves, read_points, write_points
from tests.benchmarks.growth_curves import Growth, Point
from tests.benchmarks.growth_page import growth_page
from tests.benchmarks.row import FP32, Row

MACHINE = {"processor": "Some Processor", "model": "6 1 2", "cores": 2}
FLAT = Growth("a row", "rows", "flat", (Point(100, 1e-4), Point(10_000, 1.1e-4, 90.0)))
LINEAR = Growth("files", "files", "linear", (Point(10, 1.0), Point(100, 1.5), Point(1000, 15.0)))
STEEP = Growth("pixels", "megapixels", "linear", (Point(1, 1.0), Point(10, 100.0)), "It swaps.")
REDUCED = Growth(
    AVERAGED,
    PARAMETERS,
    "linear",
    (Point(1e6, 0.003), Point(RRDB_PARAMETERS, 0.05)),
    load=(0.2, 3.5),
)


def test_a_curve_is_judged_by_its_end():
    assert LINEAR.exponent == pytest.approx(1.0)
    assert STEEP.exponent == pytest.approx(2.0)
    assert FLAT.exponent == pytest.approx(0.0207, abs=1e-4)
    verdicts = {"linear": LINEAR, "steeper than linear": STEEP, "flat": FLAT}
    assert {one.verdict: one for one in verdicts.values()} == verdicts
    halved = Growth("p", "processes", "fewer", (Point(1, 8.0), Point(2, 4.0)))
    assert (halved.verdict, Growth("n", "u", "flat", (Point(1, 1.0),)).verdict) == (
        "falling",
        "unknown",
    )


def test_points_are_kept_until_they_are_measured_again(tmp_path):
    file = tmp_path / "growth.json"
    write_points(file, MACHINE, [FLAT, LINEAR])
    again = Growth("files", "files", "linear", (Point(10, 2.0),), load=(0.5, 1.5), day="2026-11-28")
    write_points(file, MACHINE, [again], kept_curves(file, MACHINE, whole=False))
    assert read_points(file) == (MACHINE, [FLAT, again])


def test_points_of_another_processor_do_not_come_beside_these(tmp_path):
    file, other = tmp_path / "growth.json", MACHINE | {"processor": "Another"}
    write_points(file, MACHINE, [FLAT])
    with pytest.raises(SystemExit, match="holds figures of Some Processor, this is Another"):
        kept_curves(file, other, whole=False)
    assert kept_curves(file, other, whole=True) == []
    assert kept_curves(tmp_path / "none.json", other, whole=False) == []


def test_a_ring_sends_twice_what_there_is_but_for_a_machines_share():
    assert ring_seconds(100e6, 1, 1e9) == 0
    assert ring_seconds(100e6, 2, 1e9) == pytest.approx(0.1)
    assert ring_seconds(100e6, 64, 1e9) == pytest.approx(0.2 * 63 / 64)
    assert efficiency(0.3, 0.1) == pytest.approx(0.75)
    assert efficiency(0.3, 0.1, hidden=2 / 3) == 1
    assert efficiency(0.3, 0.3, hidden=2 / 3) == pytest.approx(0.75)


def test_a_cluster_is_reckoned_from_its_pieces():
    loaded = Row("loader", "16 crops", seconds={FP32: [0.08]})
    lines = list(cluster_lines(0.05, [loaded]))
    assert "| gradients of RRDB-23 | 66.8 MB (16,697,987 parameters in fp32) | counted |" in lines
    assert "| averaging them between two processes | 50.0 ms, 1.34 GB/s |" in "\n".join(lines)
    assert "averaging" not in "\n".join(cluster_lines(None, []))
    assert "| 16 crops | 200 a CPU second | [Speed](speed.md) |" in lines
    one, *_, all_of_them = [line for line in lines if line.endswith("%) |")]
    assert one == "| 1 |" + " 308 to 308 (100% to 100%) |" * 3
    assert all_of_them == (
        "| 64 | 6,516 to 8,358 (33% to 42%) | 10,890 to 17,241 (55% to 87%) | "
        "16,392 to 19,712 (83% to 100%) |"
    )


def test_the_page_says_what_is_as_expected_and_what_is_not():
    page = growth_page(MACHINE, [FLAT, LINEAR, STEEP, REDUCED], [])
    assert "| files | files | 10: 1.00 s, 100: 1.50 s, 1,000: 15.0 s |  |" in page
    assert "* **a row**, rows: flat (exponent 0.02 at the end), as expected." in page
    told = "steeper than linear (exponent 2.00 at the end), expected linear; one more costs 11.0 s"
    assert f"{told} there. It swaps." in " ".join(page.split())
    assert "| averaging them between two processes | 50.0 ms, 1.34 GB/s | here," in page
    assert "load average before and after each was 0.2 to 3.5" in page
    assert f"Taken beside other work: {AVERAGED}. Not recorded: a row; files; pixels." in " ".join(
        page.split()
    )
    assert "## What a cluster of 64 machines would do" in page
    assert max(map(len, (one for one in page.splitlines() if one[:1] != "|"))) <= 100


def test_curves_are_chosen_by_words():
    assert [one.growth.name for one in chosen_curves(["plugins"])] == ["srkit list"]
    assert len(chosen_curves([])) == 17
    (compact,) = chosen_curves(["compact"])
    assert compact.chosen(quick=False, long=False)[-1] == 30
    assert compact.chosen(quick=False, long=True)[-1] == 100
    assert compact.chosen(quick=True, long=True) == (0.1, 1)
    with pytest.raises(SystemExit, match="no curve is called so"):
        chosen_curves(["no such"])
