"""Which commands, formats of pictures and data sources are broken in one way?"""

import numpy as np
import typer
from mutants.machinery import Mutant, held

from srkit_core.specs import CommandSpec, DataSourceSpec, FormatSpec
from srkit_core.testing import CommandContract, DataSourceContract, FormatContract


def command(does, **fields):
    """Return the maker of the contract of a command."""
    usual = {"name": "made", "summary": "for this test", "example": "srkit made 3"}
    spec = (
        CommandSpec(load=lambda: does, **(usual | fields))
        if "load" not in fields
        else (CommandSpec(**(usual | fields)))
    )
    return held(CommandContract, spec, command="made")


def count(times: int = typer.Argument(1, help="How often.")) -> None:
    """Count."""


def unexplained(times: int = typer.Argument(1, help="How often.")) -> None:
    pass


def of_something(what: int = 1) -> None:
    """Count something."""


def unreadable(what: slice) -> None:
    """Take what no parser reads."""


def group(second):
    app = typer.Typer(help="Two words.")
    app.command("first")(count)
    app.command("second")(second)
    return app


def failing_group():
    """Return a group without commands: typer refuses it."""
    return typer.Typer(help="None.")


class Raw:
    """A format of raw bytes after a header."""

    def encode(self, samples):
        height, width = samples.shape[:2]
        return b"RAW1" + bytes((height, width)) + samples.tobytes()

    def size(self, path):
        start = path.read_bytes()[:6]
        if len(start) < 6:
            raise ValueError("too short")
        return start[4], start[5]

    def decode(self, path):
        height, width = self.size(path)
        content = path.read_bytes()[6:]
        if len(content) != height * width * 3 or not content:
            raise ValueError("another size than its header says")
        return np.frombuffer(content, np.uint8).reshape(height, width, 3)


class Sideways(Raw):
    def size(self, path):
        return super().size(path)[::-1]

    def decode(self, path):
        return Raw.decode(Raw(), path)


class Unit(Raw):
    def decode(self, path):
        return super().decode(path) / 255


class Turned(Raw):
    def decode(self, path):
        return super().decode(path).swapaxes(0, 1)


class Careless(Raw):
    def size(self, path):
        content = path.read_bytes()
        return content[4], content[5]


class Unwritable:
    size, decode = Raw.size, Raw.decode


def picture_format(cls, **fields):
    """Return the maker of the contract of a format."""

    def factory():
        """Read raw bytes, for this test."""
        return cls()

    usual = {"endings": (".raw1",), "written": (".raw1",), "starts": (b"RAW1",)}
    spec = FormatSpec(name="made", factory=factory, summary="for this test", **(usual | fields))
    return held(FormatContract, spec)


class Shelf:
    def files(self, address):
        return {"a.png": "1"}

    def read(self, address, name):
        return b""


def source(cls, **fields):
    """Return the maker of the contract of a data source."""

    def factory():
        """Read a shelf, for this test."""
        return cls()

    usual = {"name": "made", "factory": factory, "summary": "for this test"}
    return held(DataSourceContract, DataSourceSpec(**(usual | fields)))


class Listless:
    read = Shelf.read


class Unread:
    files = Shelf.files


SAID, LOADS, EXAMPLE = "says_what_it_is", "loads_a_function", "test_its_example_is_of_it"
HELP, WORDS = "test_its_help_is_shown", "test_every_parameter_is_explained"
FORMAT, READS, DAMAGE = "makes_a_format", "reads_what_it_writes", "test_damage_is_told"

SOUND = (
    ("a command", command(count)),
    ("commands of two words", command(group(count))),
    ("a format", picture_format(Raw)),
    ("a format that is read", picture_format(Unwritable, written=())),
    ("a data source", source(Shelf)),
)
BROKEN = (
    (
        "command-no-summary",
        command(count, summary=" "),
        SAID,
        "no summary",
    ),
    (
        "command-no-licence",
        command(count, licence=""),
        SAID,
        "no licence",
    ),
    (
        "command-example-of-another",
        command(count, example="srkit list"),
        EXAMPLE,
        "'srkit made'",
    ),
    (
        "command-example-goes-on",
        command(count, example="srkit madeup"),
        EXAMPLE,
        "'srkit made'",
    ),
    (
        "command-not-there",
        command(None, load=lambda: 1 / 0),
        LOADS,
        "ZeroDivisionError",
    ),
    (
        "command-is-text",
        command("count"),
        LOADS,
        "returns a str",
    ),
    (
        "command-silent",
        command(unexplained),
        "is_explained",
        "no docstring",
    ),
    (
        "command-second-silent",
        command(group(unexplained)),
        "is_explained",
        "made second",
    ),
    (
        "command-unreadable",
        command(unreadable),
        HELP,
        "--help fails",
    ),
    (
        "command-empty-group",
        command(failing_group()),
        HELP,
        "--help fails",
    ),
    (
        "command-silent-option",
        command(of_something),
        WORDS,
        "'what' of",
    ),
    (
        "command-second-silent-option",
        command(group(of_something)),
        WORDS,
        "'what' of second",
    ),
    (
        "format-nothing",
        picture_format(object),
        FORMAT,
        "without size and decode",
    ),
    (
        "format-never-writes",
        picture_format(Unwritable),
        FORMAT,
        "has no encode",
    ),
    (
        "format-other-start",
        picture_format(Raw, starts=(b"RAW2",)),
        READS,
        "none of its starts",
    ),
    (
        "format-sideways",
        picture_format(Sideways),
        READS,
        r"it says \(14, 9\)",
    ),
    (
        "format-turned",
        picture_format(Turned),
        READS,
        "it reads",
    ),
    (
        "format-floats",
        picture_format(Unit),
        READS,
        "reads float64",
    ),
    (
        "format-careless",
        picture_format(Careless),
        DAMAGE,
        "IndexError",
    ),
    (
        "source-without-list",
        source(Listless),
        "makes_a_source",
        "without files",
    ),
    (
        "source-without-files",
        source(Unread),
        "makes_a_source",
        "without files",
    ),
    (
        "source-is-nothing",
        source(object),
        "makes_a_source",
        "without files",
    ),
    (
        "source-no-licence",
        source(Shelf, licence=" "),
        SAID,
        "no licence",
    ),
)
MUTANTS = tuple(
    Mutant(
        name=name,
        held=held,
        caught_by=check if check.startswith("test_") else f"test_it_{check}",
        says=says,
    )
    for name, held, check, says in BROKEN
)
