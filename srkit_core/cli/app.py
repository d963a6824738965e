"""Which commands are there, and how does an error reach a person?"""

import difflib
import errno
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Annotated, Any

import typer

from srkit_core.cli.output import (
    OUT,
    own_output,
    say,
    say_error,
    say_text,
    streams_of_a_command_line,
)
from srkit_core.cli.render import process_number
from srkit_core.cli.signals import ENDED_BY, INTERRUPTED, ended_by_signals
from srkit_core.errors import DiskFullError, SrkitError
from srkit_core.home import word_at_home

TRACE_VARIABLE = "SRKIT_TRACE"
_SECOND_CHANCE = {
    "train": "srkit train --resume --out RUN goes on",
    "prepare": "run the same command again: it goes on",
}
HELP = ("-h", "--help")
_READER_GONE = (None, errno.EPIPE, errno.EBADF)
_RESUME_VALUE = re.compile(r"\d+|epoch=\d+")


@dataclass(frozen=True)
class Command:
    """Which module of this room holds a command, and an example for its help."""

    module: str
    example: str
    tells: bool = False
    """Whether what it prints is all that it makes, so that an output that is lost is an error."""

    def load(self, name: str) -> Callable[..., None]:
        """Import its function, which is called after it: `weights list` is weights_list_command."""
        module = import_module(f"srkit_core.cli.{self.module}")
        function: Callable[..., None] = getattr(module, f"{name.replace(' ', '_')}_command")

        @wraps(function)
        def called(**values: Any) -> None:
            with own_output():
                function(**values)

        return called


COMMANDS = {
    "list": Command("list_and_show", "srkit list generator", tells=True),
    "show": Command("list_and_show", "srkit show rrdb", tells=True),
    "doctor": Command("doctor", "srkit doctor --json", tells=True),
    "check": Command("check", "srkit check srresnet", tells=True),
    "recipes": Command("recipes", "srkit recipes srresnet > mine.toml", tells=True),
    "demo": Command("demo", "srkit demo --out my-demo"),
    "train": Command(
        "train",
        "srkit train --gen rrdb --disc vgg-sn --loss l1+tv+ragan --data PHOTOS",
    ),
    "eval": Command(
        "eval", "srkit eval bicubic runs/rrdb-1/weights/last.safetensors --data Set5/HR", tells=True
    ),
    "upscale": Command(
        "upscale",
        "srkit upscale runs/rrdb-1/weights/last.safetensors photo.jpg --out large.png",
    ),
    "prepare": Command(
        "prepare",
        "srkit prepare PHOTOS prepared --degrade bicubic --split 0.15,0.05",
    ),
    "degrade": Command("degrade", "srkit degrade photo.jpg --out sheet.png --degrade realesrgan"),
    "plugin new": Command("plugin_new", "srkit plugin new edges --kind loss"),
    "plugin check": Command("plugin", "srkit plugin check srkit-rrdb", tells=True),
    "weights list": Command("weights", "srkit weights list", tells=True),
    "weights get": Command("weights", "srkit weights get vgg19-torchvision"),
    "weights add": Command("weights", "srkit weights add vgg19-torchvision ~/Downloads/vgg19.pth"),
    "weights import": Command(
        "weights",
        "srkit weights import RRDB_ESRGAN_x4.pth --gen rrdb --out esrgan.safetensors",
    ),
    "weights show": Command(
        "weights", "srkit weights show runs/rrdb-1/weights/last.safetensors", tells=True
    ),
}

GROUPS = {
    "plugin": "For authors of plugins.",
    "weights": "Pretrained networks and weights files: find, fetch, import, look into.",
}
"""Commands of two words, by their first, with what they have in common."""


def build_app(words: Sequence[str] = ()) -> typer.Typer:
    """Return the command line with the command that `words` name, or with all of them.

    Only the one named is built, because building an option builds its validator: 0.1 s for all
    commands.
    """
    known = {"--help", *(name.split()[0] for name in COMMANDS)}
    first = next((word for word in words if word in known), "")
    named = [name for name in COMMANDS if name.split()[0] == first]
    app = _group(
        "Train, evaluate and use super-resolution models that are assembled from plugins.",
        "srkit demo",
        completion=True,
    )
    app.callback()(_global_options)
    groups = dict[str, typer.Typer]()
    for name in named or COMMANDS:
        command, (*parents, leaf) = COMMANDS[name], name.split()
        for parent in parents:
            if parent not in groups:
                groups[parent] = _group(GROUPS[parent], command.example)
                groups[parent].callback()(_no_options)
                app.add_typer(groups[parent], name=parent)
        (groups[parents[0]] if parents else app).command(
            leaf, epilog=f"Example: {command.example}"
        )(command.load(name))
    return app


def _group(about: str, example: str, *, completion: bool = False) -> typer.Typer:
    return typer.Typer(
        help=about,
        epilog=f"Example: {example}",
        add_completion=completion,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def _no_options() -> None:
    """A group of commands has no options of its own."""


def _print_version(wanted: bool) -> None:
    if wanted:
        from srkit_core import __version__

        say(f"srkit {__version__}")
        raise typer.Exit


def _global_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    no_plugins: Annotated[
        bool, typer.Option("--no-plugins", help="Load no plugins but srkit's own components.")
    ] = False,
    max_pixels: Annotated[
        int | None,
        typer.Option(min=1, help="Read pictures of up to so many pixels (default: 268 million)."),
    ] = None,
) -> None:
    """Options of every command."""
    if no_plugins:
        from srkit_core.registry import LIMIT_VARIABLE

        os.environ[LIMIT_VARIABLE] = ""
    if max_pixels:
        from srkit_core.io.pixel_limit import allow_pixels

        allow_pixels(max_pixels)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    Errors are told in two lines on standard error.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    words = _with_resume_value([word_at_home(word) for word in given])
    words = [*words[1:], "--help"] if words[:1] == ["help"] else words
    with streams_of_a_command_line(), ended_by_signals():
        code = _run(words or ["--help"])
        lost = OUT.failure
        if code == 0 and lost and lost.errno not in _READER_GONE and _tells(words):
            _tell(f"what was printed is lost: {lost.strerror}", "another place for the output")
            return DiskFullError.exit_code
        return code


def _tells(words: Sequence[str]) -> bool:
    named = " ".join([word for word in words if not word.startswith("-")][:2])
    return any(one.tells for name, one in COMMANDS.items() if f"{named} ".startswith(f"{name} "))


def _run(words: Sequence[str]) -> int:
    try:
        code = build_app(words)(args=words, prog_name="srkit", standalone_mode=False)
    except SrkitError as error:
        _tell(error.message, error.hint)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as ended:
        code = ended.code
    except Exception as error:
        return _tell_unplanned(error, words)
    if isinstance(code, int) and code in ENDED_BY:
        _tell(ENDED_BY[code], _SECOND_CHANCE.get(words[0], "run the same command again"))
    return code if isinstance(code, int) else 0


def _with_resume_value(words: list[str]) -> list[str]:
    """Give `--resume` a value where it has none: it takes the next word only if that is a number or
    `epoch=N`.
    """
    full = []
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        alone = word == "--resume" and not _RESUME_VALUE.fullmatch(following)
        full.append("--resume=newest" if alone else word)
    return full


def _tell_unplanned(error: Exception, words: Sequence[str]) -> int:
    """Tell a usage error of the parser, or confess a bug."""
    if hasattr(error, "format_message"):
        _tell(error.format_message().rstrip("."), _help_for(words))
        return 2
    if not _traces():
        _tell(
            f"srkit failed unexpectedly: {type(error).__name__}: {error}",
            f"{TRACE_VARIABLE}=1 shows where; please report it",
        )
    else:
        say_text("".join(traceback.format_exception(error)), err=True)
    return 1


def _traces() -> bool:
    """Whether somebody asked for tracebacks."""
    return os.environ.get(TRACE_VARIABLE, "") not in ("", "0")


def _help_for(words: Sequence[str]) -> str:
    commands = [name.split()[0] for name in COMMANDS]
    typed = [word for word in words if not word.startswith("-")]
    first = next((word for word in typed if word in commands), typed[0] if typed else "")
    if first in commands:
        return f"srkit {first} --help"
    nearest = difflib.get_close_matches(first, commands, n=1)
    return f"did you mean '{nearest[0]}'? srkit --help" if nearest else "srkit --help"


def _tell(message: str, hint: str) -> None:
    if _traces() and sys.exc_info()[1] is not None:
        say_text(traceback.format_exc(), err=True)
    place = f" in process {process_number()}" if process_number() else ""
    say_error(message, hint, place)
