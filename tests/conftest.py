"""Fixtures shared by all tests: where the real material is."""

import os
from pathlib import Path

import pytest

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
