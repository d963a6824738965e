"""Is the manual whole, current and linked right?"""

import re
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))
PAGES = ["README.md", "CONTRIBUTING.md", *DOCS]
GENERATED = runpy.run_path(str(ROOT / "docs/generate.py"))["pages"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", flags=re.MULTILINE | re.DOTALL)


@cache
def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def prose(page):
    """The page without its code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", read(page)))


@cache
def anchors(page):
    """What may follow # in a link to a page: its headings, as Markdown and GitHub name them."""
    headings = re.findall(r"^#+ (.*)", FENCE.sub("", read(page)), flags=re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading).strip().lower() for heading in headings]
    return {re.sub(r"[- ]+", "-", heading) for heading in plain}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        assert "://" not in target or page == "README.md", f"{page}: {target} is elsewhere"
        there = (ROOT / page).parent / path if path else ROOT / page
        assert "://" in target or there.exists(), f"{page}: {target}"
        if anchor and "://" not in target:
            name = there.resolve().relative_to(ROOT).as_posix()
            assert anchor in anchors(name), f"{page}: {target}"


def test_pages_of_the_site_link_to_nothing_outside_it():
    """The site has these pages only: what is beside `docs/` is named, not linked."""
    outside = {
        (page, target)
        for page in DOCS
        for target in LINK.findall(prose(page))
        if target.startswith("../")
    }
    assert outside == set()


def test_the_site_leads_to_every_page():
    config = read("docs/properdocs.yml")
    led = re.findall(r": (\S+\.md)$", config, flags=re.MULTILINE)
    assert sorted(f"docs/{name}" for name in led) == DOCS


def test_generated_pages_are_current():
    for name, text in GENERATED().items():
        assert read(f"docs/{name}") == text, f"{name}: python docs/generate.py"


def test_lines_have_120_columns_at_most():
    long = {
        f"{page}:{number}"
        for page in PAGES
        for number, line in enumerate(FENCE.sub("", read(page)).splitlines(), 1)
        if len(line) > 120 and not line.startswith("|")
    }
    assert long == set()


def test_contributing_says_how_the_site_is_built():
    assert command() == (
        "uv run --isolated --only-group docs properdocs build --strict -f docs/properdocs.yml"
    )


def command():
    return re.search(r"uv run .*properdocs.*", read("CONTRIBUTING.md"))[0]


@pytest.mark.slow
def test_the_site_is_built_and_loads_nothing_from_elsewhere(tmp_path):
    """Ten seconds and an environment of 12 MB."""
    uv = Path(sys.executable).with_name("uv")
    words = [str(uv) if uv.exists() else "uv", *command().split()[1:], "--site-dir", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    built = {path.stem for path in tmp_path.glob("*.html")}
    assert {Path(page).stem for page in DOCS} <= built
    for path in [*tmp_path.rglob("*.html"), *tmp_path.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        loaded = re.findall(r'(?:src="|<link[^>]* href="|url\(["\']?)(?:https?:)?//[^"\')]*', text)
        assert loaded == [], path.name
    assert not list(tmp_path.rglob("*.py"))
