"""Does what is listed and shown fit 80 columns, without breaking a word?"""

import re

import pytest

from srkit_core.cli.app import COMMANDS, run
from srkit_core.cli.table import table_lines
from srkit_core.registry import discover


@pytest.fixture
def fitted(monkeypatch, capsys):
    """Run a command in 80 columns, and as wide as it likes; returns both."""

    def shown(words):
        told = []
        for columns in ("80", "5000"):
            monkeypatch.setenv("COLUMNS", columns)
            assert run(words) == 0, capsys.readouterr().err
            told.append(capsys.readouterr().out)
        return told

    return shown


NAMES = sorted({component.full_name for component in discover().components})
OTHERS = [["list"], ["list", "--all"], ["recipes"], ["recipes", "--fields"], ["check", "demo"]]


@pytest.mark.parametrize("words", [*(["show", name] for name in NAMES), *OTHERS], ids=" ".join)
def test_what_is_told_fits_and_breaks_no_word(words, fitted):
    narrow, wide = fitted(words)
    long_words = [word for word in wide.split() if len(word) > 60]
    assert [line for line in narrow.splitlines() if len(line) > 80] == []
    assert long_words == []
    heads = {"type:", "default:", "meaning:"}  # of a table whose rows stand below each other
    assert set(narrow.split()) - set(wide.split()) <= heads


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_the_help_of_every_command_fits(name, fitted):
    for flag in ("--help", "-h"):
        narrow, _ = fitted([*name.split(), flag])
        assert narrow.startswith(f"Usage: srkit {name}".rstrip())
        assert [line for line in narrow.splitlines() if len(line) > 80] == []


def test_a_table_takes_what_it_needs_where_nobody_gives_a_width():
    lines = table_lines(["a", "b"], [["x" * 90, "y"]], None)
    assert lines == [["a" + " " * 91 + "b"], ["x" * 90 + "  y"]]


def test_cells_are_broken_between_words():
    rows = [["name", "one two three four five six seven eight"]]
    lines = table_lines(["key", "meaning"], rows, 30)
    assert lines[1] == ["name  one two three four five", "      six seven eight"]


def test_rows_whose_words_are_too_long_become_records():
    path = "/a/folder/with/a/name/that/is/long.safetensors"
    lines = table_lines(["name", "licence", "path"], [["vgg", "", path]], 40)
    assert lines == [["name"], ["vgg", "  path:", f"    {path}"]]


def test_a_terminal_without_colours_gets_none(monkeypatch, capsys):
    from srkit_core.cli import render

    monkeypatch.setattr(render, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    render.print_table(["a"], [["b"]], bad=frozenset([0]))
    assert re.findall(r"\x1b\[\d+m", capsys.readouterr().out) == [
        "\x1b[1m", "\x1b[0m", "\x1b[31m", "\x1b[0m",
    ]  # fmt: skip
    monkeypatch.setenv("NO_COLOR", "1")
    render.print_table(["a"], [["b"]], bad=frozenset([0]))
    assert capsys.readouterr().out == "a\nb\n"
