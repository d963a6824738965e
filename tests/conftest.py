"""Fixtures shared by all tests: where the real material is, and fake plugins."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from srkit_core import registry as registry_module
from srkit_core.hooks import hookimpl

if TYPE_CHECKING:
    from browser import OpenPage

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "assets"


@pytest.fixture(autouse=True)
def _no_width_of_a_terminal(monkeypatch):
    """Lines are as long as they are: readline tells processes that pytest starts a width."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of real photographs, benchmark files and weights.

    The test skips where it is absent.
    """
    folder = Path(os.environ.get("SRKIT_ASSETS", _BESIDE))
    if not (folder / "MANIFEST.tsv").is_file():
        pytest.skip("the shared assets are not on this machine (set SRKIT_ASSETS)")
    return folder


@pytest.fixture(scope="module")
def open_page() -> "Iterator[OpenPage]":
    """Opens pages in a headless Chromium (tests/browser.py); the test skips where there is none."""
    from browser import find_chromium, page_opener

    chromium = find_chromium()
    if chromium is None:
        pytest.skip("there is no Chromium on this machine (bash .ci/browser installs it)")
    with page_opener(chromium) as opener:
        yield opener


@dataclass(frozen=True)
class FakePoint:
    """Stands for an installed entry point; `load` runs what importing the plugin would run."""

    name: str
    dist: SimpleNamespace
    load: Callable[[], object]


@pytest.fixture(scope="session")
def plugin():
    """Make the entry point of a plugin that announces these specs."""

    def make(*specs, name="fake", distribution="srkit-fake", version="1.0", load=None):
        module = SimpleNamespace(srkit_components=hookimpl(lambda: specs))
        return FakePoint(
            name, SimpleNamespace(name=distribution, version=version), load or (lambda: module)
        )

    return make


@pytest.fixture
def installed(plugin, monkeypatch):
    """Install a plugin that announces these specs, beside those that are there, for one test."""

    def install(*specs, **of_plugin):
        points = [*registry_module.entry_points(group="srkit.plugins"), plugin(*specs, **of_plugin)]
        monkeypatch.setattr(registry_module, "entry_points", lambda group: points)

    return install
