"""Does the command line start without the work floors?"""

import os
import subprocess
import sys

import pytest

from srkit_core.cli.commands import COMMANDS

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


FINDING = ("pydantic", "pluggy", "importlib.metadata", "srkit_core.registry", "srkit_core.specs")
"""What plugins and recipes are found and read with."""

FINDERS = {"show", "doctor", "plugin"}
"""Commands that find plugins, whatever they are asked."""


def _told(words, **variables):
    """Return what a command prints, and which modules it imports."""
    done = subprocess.run(
        [sys.executable, "-m", "srkit_core", *words],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | variables | {"PYTHONPROFILEIMPORTTIME": "1"},
    )
    return done.stdout, {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_a_list_that_was_kept_imports_no_plugin_and_nothing_that_finds_them(tmp_path):
    plugins = ("srkit_core.builtin", "srkit_rrdb", "srkit_degradations")
    first, second = (_told(["list"], SRKIT_CACHE=str(tmp_path)) for _ in range(2))
    assert second[0] == first[0]
    assert second[1] & {*WORK, *FINDING, *plugins, "rich"} == set()


@pytest.mark.parametrize("name", sorted({one.split()[0] for one in COMMANDS} - FINDERS))
def test_help_of_a_command_finds_no_plugins_and_reads_no_recipes(name):
    _, imported = _told([name, "--help"])
    assert "srkit_core.cli.app" in imported
    assert imported & {*WORK, *FINDING} == set()
