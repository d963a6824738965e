"""Does a command of a plugin work as one of srkit's own does, and can a broken one hurt another?"""

import difflib
import json
from typing import Annotated

import pytest
import typer

from srkit_core.catalogue import CatalogueEntry, Distribution
from srkit_core.cli.app import run
from srkit_core.cli.commands import COMMANDS, command_word
from srkit_core.errors import DataError
from srkit_core.registry import discover
from srkit_core.reserved_names import RESERVED
from srkit_core.specs import CommandSpec


def count(
    names: Annotated[list[str], typer.Argument(help="What to count.")],
    times: Annotated[int, typer.Option(min=1, help="How often.")] = 1,
) -> None:
    """Count names, as often as is wanted."""
    print(len(names) * times)  # noqa: T201 - as plugins do


def lose() -> None:
    """Lose a picture."""
    raise DataError("there is no picture faces.png", hint="check the path")


def stumble() -> None:
    raise TypeError("no such face")


def stop() -> None:
    raise KeyboardInterrupt


def leave() -> None:
    raise SystemExit("the page is taken")


def missing():
    import srkit_no_such_module

    return srkit_no_such_module.command


def untyped():
    def command(value: int | str) -> None:
        """Take what no parser reads."""

    return command


def group():
    app = typer.Typer()

    @app.command()
    def crop(size: int) -> None:
        """Cut out faces."""
        print(f"cropped {size}")  # noqa: T201

    @app.command()
    def blur() -> None:
        """Hide faces."""

    return app


def _spec(name, load, **more):
    return CommandSpec(
        name=name, load=load, summary=f"do {name}", example=f"srkit {name} a", **more
    )


FACES = [
    _spec("count", lambda: count),
    _spec("lose", lambda: lose),
    _spec("stumble", lambda: stumble),
    _spec("stop", lambda: stop),
    _spec("leave", lambda: leave),
    _spec("missing", missing),
    _spec("untyped", untyped),
    _spec("nothing", lambda: None),
    _spec("faces", group),
]


@pytest.fixture(autouse=True)
def _faces(installed, monkeypatch):
    monkeypatch.setenv("SRKIT_PLUGINS", "")  # so that what a test sets is undone
    monkeypatch.delenv("SRKIT_PLUGINS")
    installed(*FACES, name="faces", distribution="srkit-faces")


@pytest.fixture
def told(capsys):
    """Run words; return the exit code and what they said on both streams."""

    def tell(*words):
        code = run(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return tell


def test_a_command_of_a_plugin_takes_arguments_and_options(told):
    assert told("count", "a", "b", "--times", "3") == (0, "6\n", "")
    assert told("srkit-faces/count", "a") == (0, "1\n", "")


def test_the_help_of_srkit_lists_it_with_its_distribution_and_loads_nothing(told):
    code, out, _ = told("--help")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 0
    assert "count do count (srkit-faces)" in lines
    assert "missing do missing (srkit-faces)" in lines


def test_its_own_help_has_what_it_takes_and_an_example(told):
    code, out, _ = told("count", "--help")
    assert code == 0
    assert out.startswith("Usage: srkit count [OPTIONS]")
    assert "names..." in out.lower()
    assert "Count names, as often as is wanted." in out
    assert "Example: srkit count a" in out
    assert out == told("help", "count")[1] == told("count", "-h")[1]


def test_a_group_of_commands_is_a_typer_app(told):
    assert told("faces", "crop", "5") == (0, "cropped 5\n", "")
    code, out, _ = told("faces", "--help")
    assert code == 0
    assert {"crop", "blur"} <= set(out.split())


@pytest.mark.parametrize(
    ("words", "code", "fact", "hint"),
    [
        (["lose"], 4, "there is no picture faces.png", "check the path"),
        (["count"], 2, "Missing argument", "srkit count --help"),
        (["count", "a", "--tims"], 2, "No such option", "srkit count --help"),
        (["count", "a", "--times", "0"], 2, "Invalid value for '--times'", "srkit count --help"),
        (
            ["stumble"],
            1,
            "the command 'stumble' of srkit-faces 1.0 failed unexpectedly: TypeError: no such face",
            "SRKIT_TRACE=1 shows where; please report it to its authors",
        ),
        (["stop"], 130, "interrupted", "run the same command again"),
        (["leave"], 1, "the page is taken", "srkit leave --help"),
        (
            ["missing"],
            3,
            "the command 'missing' of srkit-faces 1.0 cannot be used: ModuleNotFoundError: "
            "No module named 'srkit_no_such_module'",
            "SRKIT_TRACE=1 shows where; pip install --upgrade srkit-faces",
        ),
        (
            ["untyped", "a"],
            3,
            "'untyped' of srkit-faces 1.0 cannot be used: AssertionError",
            "SRKIT",
        ),
        (["nothing"], 3, "cannot be used: TypeError: what it loads is NoneType", "SRKIT"),
        (["--no-plugins", "count", "a"], 2, "No such command 'count'", "srkit --help"),
        (["cuont", "a"], 2, "No such command 'cuont'", "did you mean 'count'? srkit --help"),
        (["trian"], 2, "No such command 'trian'", "did you mean 'train'? srkit --help"),
    ],
)
def test_what_goes_wrong_is_two_lines_and_a_code(told, words, code, fact, hint):
    found, out, err = told(*words)
    assert (found, out) == (code, "")
    lines = err.splitlines()
    assert len(lines) == 2
    assert fact in lines[0]
    assert hint in lines[1]


def test_a_command_that_the_catalogue_knows_is_offered(told, monkeypatch):
    home = Distribution(name="srkit-window", tier="core", licence="MIT")
    entry = CatalogueEntry("command", "window", "srkit-window", "a page", home)
    monkeypatch.setattr(
        "srkit_core.cli.plugin_commands.providers",
        lambda kind, name: (entry,) if (kind, name) == ("command", "window") else (),
    )
    code, _, err = told("window")
    assert code == 2
    assert err.startswith("error: No such command 'window'\ntry: pip install srkit-window")


def test_a_command_may_be_in_a_plugin_that_is_broken(told, installed):
    installed(name="window", distribution="srkit-window", load=missing)
    code, _, err = told("window")
    assert code == 3
    assert err.startswith(
        "error: command 'window' is in srkit-window, which is broken: ModuleNotFoundError"
    )
    assert "Broken: srkit-window (srkit doctor)" in told("--help")[1]


def test_one_name_of_two_distributions_is_refused_when_it_is_typed(told, installed):
    installed(_spec("count", lambda: stop), name="sums", distribution="srkit-sums")
    code, _, err = told("count", "a")
    assert code == 3
    assert "srkit-faces/count" in err
    assert told("srkit-faces/count", "a") == (0, "1\n", "")


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("--max-pixels 9 count a", "count"),
        ("--max-pixels=9 count a", "count"),
        ("--no-plugins list", "list"),
        ("--help train", ""),
        ("--version", ""),
        ("", ""),
    ],
)
def test_the_word_of_a_command_is_found_among_flags(typed, word):
    assert command_word(typed.split()) == word


@pytest.mark.parametrize("name", list(dict.fromkeys(one.split()[0] for one in COMMANDS)))
def test_a_command_of_srkit_cannot_be_taken(name, plugin):
    assert name in RESERVED["command"]
    registry = discover([plugin(_spec(name, lambda: stop))])
    assert registry.installed(CommandSpec) == ()
    assert f"command '{name}': the name '{name}' is taken" in registry.problems[0].error


def test_own_commands_do_not_discover_plugins_to_be_found(monkeypatch, told):
    def never(group):
        raise AssertionError("nobody asks for plugins")

    monkeypatch.setattr("srkit_core.registry.entry_points", never)
    assert told("train", "--help")[0] == 0
    assert told("--version")[0] == 0
    assert told("weights", "--help")[0] == 0


def test_commands_of_srkit_are_announced_as_those_of_plugins_are():
    for name, command in COMMANDS.items():
        assert isinstance(command, CommandSpec)
        assert command.example.startswith(f"srkit {name}")
        assert command.summary.endswith(".")


def test_lists_stay_as_they_are_beside_a_plugin_of_commands(told):
    code, out, _ = told("list", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["problems"] == []
    assert difflib.get_close_matches("bicubic", [one["name"] for one in document["components"]])
