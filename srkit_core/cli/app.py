"""Which commands are there, and how does an error reach a person?"""

import errno
import inspect
import os
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.commands import COMMANDS, GROUPS, HELP, command_word
from srkit_core.cli.output import (
    OUT,
    say,
    say_error,
    say_text,
    streams_of_a_command_line,
)
from srkit_core.cli.render import process_number
from srkit_core.cli.signals import ENDED_BY, INTERRUPTED, ended_by_signals
from srkit_core.command_spec import CommandSpec
from srkit_core.errors import DiskFullError, SrkitError
from srkit_core.home import word_at_home

if TYPE_CHECKING:
    from srkit_core.cli.plugin_commands import LoadedCommand

TRACE_VARIABLE = "SRKIT_TRACE"
_SECOND_CHANCE = {
    "train": "srkit train --resume --out RUN goes on",
    "prepare": "run the same command again: it goes on",
    "sweep": "run the same command again: it goes on",
    "upscale": "run the same command again: it goes on",
}
_WORDS_SHOWN = 20
_COMPLETION = "_SRKIT_COMPLETE"
"""The variable by which a shell asks what could be typed."""
_READER_GONE = (None, errno.EPIPE, errno.EBADF)
_RESUME_VALUE = re.compile(r"\d+|epoch=\d+")


def build_app(words: Sequence[str] = ()) -> typer.Typer:
    """Return the command line with the own command that `words` name, with all of them where there
    are no words, else with all of them by their summaries alone.

    Only the one named is built, because building an option builds its validator: 0.1 s for all
    commands.
    """
    app = _group(
        "Train, evaluate and use super-resolution models that are assembled from plugins.",
        "srkit demo",
        completion=True,
    )
    app.callback()(_global_options)
    first, groups = command_word(words), dict[str, typer.Typer]()
    for name in [one for one in COMMANDS if first in ("", one.split()[0])]:
        command, (*parents, leaf) = COMMANDS[name], name.split()
        for parent in parents:
            if parent not in groups:
                groups[parent] = _group(GROUPS[parent], command.example)
                groups[parent].callback()(_no_options)
                app.add_typer(groups[parent], name=parent)
        by_name = words and not first
        _add(
            groups[parents[0]] if parents else app,
            leaf,
            command,
            None if by_name else command.load(),
        )
    return app


def _add(
    app: typer.Typer,
    name: str,
    command: CommandSpec,
    does: Callable[..., Any] | None,
    home: str = "",
) -> None:
    """Add a command: what it does, or, for a list, its summary alone."""
    said = f"{command.summary} ({home})" if home else command.summary
    about = said if does is None else inspect.getdoc(does) or said
    epilog = f"Example: {command.example}"
    app.command(name, help=about, short_help=said, epilog=epilog)(does or _no_options)


def _with_plugins(words: Sequence[str]) -> tuple[typer.Typer, "LoadedCommand | None"]:
    """Return the command line for some words, with the command of a plugin that they name, or with
    the commands of all plugins where they name none.
    """
    app, first = build_app(() if _COMPLETION in os.environ else words), command_word(words)
    listed = not first and any(word in HELP for word in words)
    if first in {name.split()[0] for name in COMMANDS} or not (first or listed):
        return app, None
    from srkit_core.cli.plugin_commands import find_command
    from srkit_core.registry import discover

    registry = discover(limit=() if "--no-plugins" in words else None)
    if listed:
        for one in registry.installed(CommandSpec):
            _add(app, one.name, one.spec, None, one.distribution)
        for problem in registry.problems:
            app.info.epilog = f"{app.info.epilog}\n\nBroken: {problem.distribution} (srkit doctor)"
        return app, None
    found = find_command(first, registry)
    spec = found.installed.spec
    if isinstance(found.does, typer.Typer):
        app.add_typer(found.does, name=first, help=spec.summary, epilog=f"Example: {spec.example}")
    else:
        _add(app, first, spec, found.does)
    return app, found


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
    who = ""
    try:
        app, brought = _with_plugins(words)
        who = brought.who if brought else ""
        code = app(args=words, prog_name="srkit", standalone_mode=False)
    except SrkitError as error:
        _tell(error.message, error.hint)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as ended:
        code = ended.code
    except Exception as error:
        return _tell_unplanned(error, words, who)
    if isinstance(code, str):
        _tell(code, _help_for(words))
        return 1
    if isinstance(code, int) and code in ENDED_BY:
        _tell(ENDED_BY[code], _second_chance(words))
    return code if isinstance(code, int) else 0


def _second_chance(words: Sequence[str]) -> str:
    """Return how a command that was interrupted goes on; `upscale` does by its own words."""
    if words[0] == "upscale" and len(words) <= _WORDS_SHOWN:
        return shlex.join(["srkit", *words])
    return _SECOND_CHANCE.get(words[0], "run the same command again")


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


def _tell_unplanned(error: Exception, words: Sequence[str], who: str) -> int:
    """Tell a usage error of the parser, or confess a bug: of srkit, or of a plugin's command."""
    if hasattr(error, "format_message"):
        _tell(error.format_message().rstrip("."), _help_for(words))
        return 2
    if not _traces():
        report = "please report it to its authors" if who else "please report it"
        _tell(
            f"{who or 'srkit'} failed unexpectedly: {type(error).__name__}: {error}",
            f"{TRACE_VARIABLE}=1 shows where; {report}",
        )
    else:
        say_text("".join(traceback.format_exception(error)), err=True)
    return 1


def _traces() -> bool:
    """Whether somebody asked for tracebacks."""
    return os.environ.get(TRACE_VARIABLE, "") not in ("", "0")


def _help_for(words: Sequence[str]) -> str:
    return " ".join(filter(None, ("srkit", command_word(words), "--help")))


def _tell(message: str, hint: str) -> None:
    if _traces() and sys.exc_info()[1] is not None:
        say_text(traceback.format_exc(), err=True)
    place = f" in process {process_number()}" if process_number() else ""
    say_error(message, hint, place)
