"""What does `srkit plugin check` say of a wheel that may not be installed, and of a real one?"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mutants.wheels import FILES, NAME, write_wheel

from srkit_core.cli.app import run
from srkit_core.testing import wheel_environment as environment_module

ROOT = Path(__file__).parents[2]


def test_a_wheel_that_leads_out_is_refused_before_it_is_installed(tmp_path, capsys, monkeypatch):
    made = []
    monkeypatch.setattr(environment_module, "wheel_environment", made.append)
    path = write_wheel(tmp_path / NAME, FILES | {"../zz.pth": "import os\n"})
    assert run(["plugin", "check", str(path)]) == 3
    told = capsys.readouterr().err
    assert "is refused: '../zz.pth' leads out of the folder" in told
    assert "do not install it" in told
    assert made == []


@pytest.mark.slow
def test_a_real_wheel_passes_in_an_environment_of_its_own(tmp_path, capsys):
    """Slow: builds a wheel and checks it in an environment that it makes, about 30 s."""
    source = shutil.copytree(ROOT / "examples/third_party_plugin", tmp_path / "a plugin")
    beside = Path(sys.executable).with_name("uv")
    uv = beside if beside.exists() else "uv"
    subprocess.run([uv, "build", "-q", "--wheel", "-o", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert run(["plugin", "check", str(wheel), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["wheels"]
    assert found["file"] == wheel.name == "srkit_edge-0.1.0-py3-none-any.whl"
    assert found["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert len(found["checks"]) == 8
    assert all(one["passed"] for one in found["checks"])
