"""How is a command announced?

Every command of srkit begins with the table of all, so this imports little.
"""

from collections.abc import Callable
from dataclasses import dataclass

from srkit_core.announced import FIRST_PARTY_LICENCE, AnnouncedSpec
from srkit_core.field_bounds import OneLine


@dataclass(frozen=True, kw_only=True)
class CommandSpec(AnnouncedSpec):
    """A command of the command line, `srkit NAME`.

    `load` imports the function that does it and returns it: its parameters are arguments and
    options as Typer reads them, its docstring is the help. It may also return a `typer.Typer`, for
    commands of two words, `srkit NAME SECOND`. What it prints is its output; an SrkitError that it
    raises is told in two lines. `example` is a whole command; `tells` says whether what it prints
    is all that it makes, so that an output that is lost is an error.
    """

    kind = "command"

    load: Callable[[], Callable[..., None]]
    summary: OneLine
    example: OneLine
    tells: bool = False
    licence: OneLine = FIRST_PARTY_LICENCE
