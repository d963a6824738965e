"""Does the command line start without the work floors?"""

import subprocess
import sys

import pytest

WORK = ("torch", "numpy", "PIL", "accelerate", "safetensors", "skimage")


@pytest.mark.parametrize("words", [["list"], ["show", "rrdb"], ["check", "demo"], ["recipes"]])
def test_a_command_of_words_imports_no_worker(words, tmp_path, monkeypatch):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path))
    seen = f"[m for m in {WORK!r} if m in sys.modules], 'rich' in sys.modules"
    program = (
        f"import sys; from srkit_core.cli.app import run; code = run({words!r}); "
        f"print(code, {seen})"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert told.splitlines()[-1] == "0 [] False"
