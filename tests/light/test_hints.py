"""Are the commands and flags that hints name there, in the commands that print them?"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main

from srkit_core.catalogue import catalogue
from srkit_core.cli.app import build_app
from srkit_core.cli.commands import COMMANDS, GROUPS

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("srkit_core/**/*.py"), *ROOT.glob("plugins/*/srkit_*/**/*.py")])

SPOKEN_BY = {
    "srkit_core/cli/check.py": {"check"},
    "srkit_core/cli/degrade.py": {"degrade"},
    "srkit_core/cli/demo.py": {"demo"},
    "srkit_core/cli/eval.py": {"eval"},
    "srkit_core/cli/prepare.py": {"prepare"},
    "srkit_core/cli/train.py": {"train"},
    "srkit_core/cli/upscale.py": {"upscale"},
    "srkit_core/cli/weights.py": {"weights import", "weights add", "weights get", "weights show"},
    "srkit_core/compatibility.py": {"train", "check"},
    "srkit_core/chain.py": {"train", "check"},
    "srkit_core/data/preparation/": {"prepare"},
    "srkit_core/engine/": {"train"},
    "srkit_core/evaluation/": {"eval", "upscale"},
    "srkit_core/overrides.py": {"train", "check"},
    "srkit_core/plan.py": {"train", "check"},
    "srkit_core/upscaling/": {"upscale", "eval"},
}
"""Which commands print the hints of a file or room; of others, any."""

ALL_OF_THEM = ("compatibility.py", "chain.py", "overrides.py", "plan.py")
"""Files whose hints are printed by each of their commands, so that each has to know the flag."""


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield texts that are no docstrings, with X for what is filled in."""
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inside or id(node) in bare:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [one.value if isinstance(one, ast.Constant) else "X" for one in node.values]
            yield node.lineno, "".join(map(str, parts))


@cache
def _flags() -> dict[str, frozenset[str]]:
    group = typer.main.get_command(build_app())
    found = {}
    for name in COMMANDS:
        command = group
        for word in name.split():
            command = command.commands[word]
        found[name] = frozenset(
            flag for one in command.params for flag in (*one.opts, *one.secondary_opts)
        ) | {"--help"}
    return found


def _spoken() -> list[tuple[str, str]]:
    return [
        (f"{path.relative_to(ROOT)}:{line}", text)
        for path in FILES
        for line, text in _texts(ast.parse(path.read_text(encoding="utf-8")))
    ]


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield the commands that a text tells to type, each with its words."""
    for found in re.finditer(r"(?<![\w.-])srkit ((?:--\w+ )?[a-z]+(?: [^;,()`]*)?)", text):
        words = found[1].split(" or ")[0].split()
        two, one = " ".join(words[:2]), words[0]
        yield (two if two in COMMANDS else one), " ".join(words)


TYPED = [
    (place, name, words)
    for place, text in _spoken()
    for name, words in _commands(text)
    if name in COMMANDS or re.search(r" --|^[a-z]+$", words)
]
BROUGHT = {one.name for one in catalogue() if one.kind == "command"}
"""Commands that plugins bring, whose flags are theirs."""
PROSE = {"has", "is", "knows", "wrote", "writes", "makes", "again", "eval", "finds", "announced"}


@pytest.mark.parametrize(("place", "name", "words"), TYPED, ids=[one[0] for one in TYPED])
def test_a_command_that_is_told_is_there_with_its_flags(place, name, words):
    first = name.split()[0]
    assert first in PROSE | BROUGHT or name in COMMANDS or first in GROUPS, words
    if name in COMMANDS:
        told = re.findall(r"--[a-z][\w-]*", words)
        assert [flag for flag in told if flag not in _flags()[name]] == [], words


FLAGGED = [(place, text) for place, text in _spoken() if re.search(r"(?<![\w-])--[a-z]", text)]


@pytest.mark.parametrize(("place", "text"), FLAGGED, ids=[one[0] for one in FLAGGED])
def test_a_flag_that_is_told_is_one_of_the_commands_that_tell_it(place, text):
    if place.startswith(
        ("srkit_core/cli/app.py", "srkit_core/cli/commands.py", "srkit_core/cli/flags.py")
    ) or place.startswith("srkit_core/testing/wheel_environment.py"):  # flags of installers
        return
    if place.startswith(tuple(f"plugins/{one}/" for one in BROUGHT)):
        return
    rest = re.sub(
        r"pip install --(?:upgrade|force-reinstall)|pip wheel --no-deps|"
        r"docker run --shm-size|--porcelain|"
        r"srkit --[a-z-]+ X COMMAND",
        "",
        text,
    )
    for name, words in _commands(text):
        rest = rest.replace(words, "") if name in COMMANDS else rest
    speakers = next((told for room, told in SPOKEN_BY.items() if place.startswith(room)), None)
    each = place.partition(":")[0].endswith(ALL_OF_THEM)
    known = [_flags()[name] for name in speakers or COMMANDS]
    for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest):
        knowing = [flag in flags for flags in known]
        assert all(knowing) if each else any(knowing), flag


def test_hints_are_found():
    assert len(TYPED) > 60
    assert len(FLAGGED) > 60
