"""Is help found however it is asked for, and does a shell complete?"""

import os
import subprocess
import sys

import pytest

from srkit_core.cli.app import COMMANDS, run


def _told(words, capsys):
    assert run(words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_asked_for_in_three_ways(name, capsys):
    words = name.split()
    said = _told([*words, "--help"], capsys)
    assert said.startswith(f"Usage: srkit {name}")
    assert said == _told([*words, "-h"], capsys) == _told(["help", *words], capsys)


def test_help_alone_lists_the_commands(capsys):
    said = _told(["--help"], capsys)
    assert {word for name in COMMANDS for word in name.split()[:1]} <= set(said.split())
    assert said == _told(["help"], capsys) == _told(["-h"], capsys) == _told([], capsys)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("srkit up", "upscale"), ("srkit weights im", "import"), ("srkit train --deg", "--degrade")],
)
def test_a_shell_completes_commands_and_flags(typed, offered):
    asked = {
        "_SRKIT_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from srkit_core.cli import main; main()"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [offered], "")


@pytest.mark.parametrize(
    ("shell", "file"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", ".config/fish")]
)
def test_completion_is_installed_for_a_shell(shell, file, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "srkit_core", "--install-completion", shell],
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{shell} completion installed" in done.stdout
    assert (tmp_path / file).exists()
