"""Fixtures of the work tests: pictures, and the installed components."""

import numpy as np
import pytest
import torch
from prepared_places import pack

from srkit_core.engine.logs.curves.curves_file import CurvesFile
from srkit_core.io.atomic import write_bytes
from srkit_core.models import compiled_blocks
from srkit_core.registry import discover
from srkit_core.testing import check_process
from srkit_core.testing.check_worker import answer


@pytest.fixture(autouse=True)
def _blank_curves(request, monkeypatch):
    """Runs leave an empty `curves.png`: to draw it takes half a second, and test_curves.py does."""
    if request.path.name != "test_curves.py":
        monkeypatch.setattr(CurvesFile, "_write", lambda one: write_bytes(one._folder.curves, b""))


@pytest.fixture(scope="session")
def registry():
    """Every installed component."""
    return discover()


@pytest.fixture(scope="session")
def smooth():
    """Make a picture that interpolation can mend."""

    def make(height, width, seed=0):
        rows, columns = np.mgrid[:height, :width]
        waves = [
            np.sin(rows / (5 + seed + channel)) + np.cos(columns / (7 + seed - channel))
            for channel in range(3)
        ]
        return ((np.stack(waves, axis=2) + 2) / 4 * 255).astype(np.uint8)

    return make


@pytest.fixture
def checks_here(monkeypatch):
    """`srkit plugin check` without a process of its own, which costs seconds."""

    def check_here(request, progress, **_):
        findings = check_process.Findings()
        for line in answer(discover(), **request):
            findings.take(line)
        return findings

    monkeypatch.setattr(check_process, "check_in_process", check_here)


@pytest.fixture
def packed(tmp_path):
    """Pictures of noise as `srkit prepare` packs them."""
    return pack(tmp_path / "prepared")


@pytest.fixture
def compile_counter(monkeypatch):
    """Count graphs that torch.compile makes, and run them as they are."""
    from torch._dynamo.testing import CompileCounter  # some seconds, which other tests do not pay

    torch.compiler.reset()
    compiled_blocks._compiled.cache_clear()
    counted, real = CompileCounter(), torch.compile

    def compile_counted(forward, **options):
        return real(forward, backend=counted, **options)

    monkeypatch.setattr(torch, "compile", compile_counted)
    yield counted
    torch.compiler.reset()
    compiled_blocks._compiled.cache_clear()
