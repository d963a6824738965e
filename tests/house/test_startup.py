"""Does the command line start without the work floors?"""

import os
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


def test_a_list_that_was_kept_imports_no_plugin_and_nothing_that_finds_them(tmp_path):
    finding = ("pydantic", "pluggy", "importlib.metadata", "rich", "srkit_core.registry")
    plugins = ("srkit_core.builtin", "srkit_rrdb", "srkit_degradations")
    given = {"SRKIT_CACHE": str(tmp_path), "PYTHONPROFILEIMPORTTIME": "1"}
    first, second = (
        subprocess.run(
            [sys.executable, "-m", "srkit_core", "list"],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | given,
        )
        for _ in range(2)
    )
    imported = {line.rpartition("|")[2].strip() for line in second.stderr.splitlines()}
    assert second.stdout == first.stdout
    assert imported & {*WORK, *finding, *plugins} == set()
