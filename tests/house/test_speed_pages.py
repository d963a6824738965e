"""Do the pages on speed and growth follow from the figures that are in the repository?"""

from pathlib import Path

from tests.benchmarks.__main__ import FIGURES
from tests.benchmarks.growth import POINTS, read_points
from tests.benchmarks.growth_page import growth_page
from tests.benchmarks.quality_page import QUALITY, read_quality
from tests.benchmarks.row import read_figures
from tests.benchmarks.speed_page import drawn_ratios, speed_page

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_on_speed_follows_from_its_figures():
    machine, rows = read_figures(FIGURES)
    page = (DOCS / "speed.md").read_text(encoding="utf-8")
    quality = read_quality(QUALITY)
    assert page == speed_page(machine, rows, quality), "python -m tests.benchmarks --page"
    assert all(0 < low <= median <= high for _, _, median, low, high in drawn_ratios(rows))
    assert (DOCS / "speed.png").stat().st_size > 10_000


def test_the_page_on_growth_follows_from_its_points():
    machine, curves = read_points(POINTS)
    page = (DOCS / "growth.md").read_text(encoding="utf-8")
    told = growth_page(machine, curves, read_figures(FIGURES)[1])
    assert page == told, "python -m tests.benchmarks.growth --page"
    assert all(len(one.points) > 1 for one in curves)
