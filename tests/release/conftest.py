"""Fixtures of the release tests: the built distributions, an index of them, clean environments.

SRKIT_DISTRIBUTIONS names a folder of built wheels and sdists, else they are built here.
"""

import os
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from release.workspace import ROOT, Environment, call, constraints, uv, workspace


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """A folder with a wheel and an sdist of every distribution."""
    folder = Path(os.environ.get("SRKIT_DISTRIBUTIONS", tmp_path_factory.mktemp("built")))
    if not list(folder.glob("*.whl")):
        uv("build", "-q", "--all-packages", "-o", folder, cwd=ROOT)
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def index(built, tmp_path_factory) -> Iterator[str]:
    """The address of a package index on this machine (PEP 503) that has what was built."""
    folder = tmp_path_factory.mktemp("index")
    for distribution in workspace():
        page = folder / distribution.name
        page.mkdir()
        for file in built.glob(f"{distribution.file_name}*"):
            (page / file.name).symlink_to(file.resolve())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def clean_environment(index, tmp_path_factory):
    """Make an environment with nothing but the named requirements and what they need."""

    def make(*requirements: str) -> Environment:
        folder = tmp_path_factory.mktemp("environment") / "venv"
        call(sys.executable, "-m", "venv", "--without-pip", folder)
        pins = folder / "constraints.txt"
        pins.write_text("\n".join(constraints(*requirements)), encoding="utf-8")
        environment = Environment(folder, index, pins)
        environment.install(*requirements)
        return environment

    return make
