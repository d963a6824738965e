"""Which command of a plugin does a word mean, and whose fault is one that fails?"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer

from srkit_core.catalogue import providers
from srkit_core.cli.commands import COMMANDS
from srkit_core.errors import PluginError, RecipeError, SrkitError, UnknownComponentError
from srkit_core.registry import Installed, Registry
from srkit_core.specs import CommandSpec


@dataclass(frozen=True)
class LoadedCommand:
    """A command of a plugin whose code is imported: a function, or a group of commands."""

    installed: Installed[CommandSpec]
    does: Callable[..., Any] | typer.Typer

    @property
    def who(self) -> str:
        """What to call it where it fails: `the command 'app' of srkit-app 0.1.0`."""
        return _who(self.installed)


def find_command(word: str, registry: Registry) -> LoadedCommand:
    """Import the command of a plugin that a word names, bare or full.

    Raises RecipeError when there is none, with what is near or would provide it; AmbiguousError
    when several distributions have one of that name; PluginError when it cannot be imported, or
    only a broken plugin would have it.
    """
    try:
        installed = registry.one(CommandSpec, word)
    except UnknownComponentError:
        raise _no_such_command(word, registry) from None
    return LoadedCommand(installed, _imported(installed))


def _imported(command: Installed[CommandSpec]) -> Callable[..., Any] | typer.Typer:
    try:
        does = command.spec.load()
        _check(does)
    except SrkitError:
        raise
    except (Exception, SystemExit) as error:
        fault = f"{type(error).__name__}: {str(error).strip() or 'no message'}"
        raise PluginError(
            f"{_who(command)} cannot be used: {fault}",
            hint=f"SRKIT_TRACE=1 shows where; pip install --upgrade {command.distribution}",
        ) from error
    return does


def _check(does: object) -> None:
    """Let the parser read the parameters of a command; raises what it finds wrong with them."""
    if not callable(does):
        raise TypeError(f"what it loads is {type(does).__name__}, and no function")
    if isinstance(does, typer.Typer):
        typer.main.get_group(does)
        return
    alone = typer.Typer()
    alone.command()(does)
    typer.main.get_command(alone)


def _who(command: Installed[CommandSpec]) -> str:
    return f"the command '{command.name}' of {command.distribution} {command.version}"


def _no_such_command(word: str, registry: Registry) -> RecipeError:
    offers = providers("command", word)
    own = [name.split()[0] for name in COMMANDS]
    known = [*own, *(one.name for one in registry.installed(CommandSpec))]
    nearest = difflib.get_close_matches(word, known, n=1)
    near = f"did you mean '{nearest[0]}'? srkit --help" if nearest else "srkit --help"
    return RecipeError(f"No such command '{word}'", hint=offers[0].advice if offers else near)
