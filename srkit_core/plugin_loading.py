"""What does this plugin announce, or why can it not be used?"""

import io
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Final

import pluggy

from srkit_core import hooks
from srkit_core.errors import PluginError
from srkit_core.reserved_names import distribution_fault
from srkit_core.spec_faults import UnsoundError, check_specs
from srkit_core.specs import AnnouncedSpec

_LONGEST_NAME: Final = 100
_LONGEST_LINE: Final = 300
_sound: Final[dict[str, list[AnnouncedSpec]]] = {}
"""What was checked in this process, by entry point: announced again, it is not checked again."""


@dataclass(frozen=True)
class Problem:
    """A plugin that is installed but could not be used; nobody else notices.

    `faults` are everything that is wrong with what it announces, where it came that far.
    """

    plugin: str
    distribution: str
    version: str
    error: str
    traceback: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadedPlugin:
    """What a plugin announces, and what it printed while it was imported: nothing, if it is well
    made.
    """

    plugin: str
    distribution: str
    version: str
    specs: tuple[AnnouncedSpec, ...]
    printed: str = ""


def distribution_of(point: EntryPoint) -> tuple[str, str]:
    """Return name and version, the name in the one spelling that installers, catalogue and
    expressions share (PEP 503).
    """
    if not point.dist:
        return "unknown", "0"
    name, version = _bounded(point.dist.name), _bounded(point.dist.version)
    return re.sub(r"[-_.]+", "-", name).lower(), version


def load_plugin(point: EntryPoint) -> LoadedPlugin | Problem:
    """Import one plugin and take what it announces: all of it or nothing."""
    place = (_bounded(point.name), *distribution_of(point))
    try:
        if fault := distribution_fault(place[1]):
            raise PluginError(fault, hint="another name for the distribution")
        with _listening() as heard:
            specs = _announced(point)
        return LoadedPlugin(*place, tuple(specs), heard.text)
    except (Exception, SystemExit) as error:
        first_line = (str(error).strip().splitlines() or [""])[0]
        faults = error.faults if isinstance(error, UnsoundError) else ()
        listed = "".join(f"  {fault}\n" for fault in faults[1:])
        return Problem(
            *place,
            f"{type(error).__name__.replace('Unsound', 'Plugin')}: {first_line}"[:_LONGEST_LINE],
            f"{traceback.format_exc()}{listed}",
            faults,
        )


def _bounded(text: object) -> str:
    """Return what a stranger's metadata calls something, as far as a row has room for it."""
    return str(text)[:_LONGEST_NAME]


class _Heard(io.TextIOBase):
    """Keeps the beginning of what is printed to it."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text = (self.text + text)[:_LONGEST_LINE]
        return len(text)


@contextmanager
def _listening() -> Iterator[_Heard]:
    """Keep what is printed: it is nothing that a command said."""
    heard = _Heard()
    with redirect_stdout(heard):
        yield heard


def _announced(point: EntryPoint) -> list[AnnouncedSpec]:
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    try:
        manager.register(point.load(), name=point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(
            str(error).splitlines()[-1], hint="srkit_components() takes no arguments"
        ) from error
    specs = [spec for announced in manager.hook.srkit_components() for spec in announced]
    if not specs:
        raise PluginError("it announces nothing", hint=f"implement {hooks.PROJECT}_components")
    if specs != _sound.get(point.name):
        check_specs(specs)
        _sound[point.name] = specs
    return specs
