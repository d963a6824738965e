"""What does this plugin announce, or why can it not be used?"""

import re
import traceback
from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pluggy

from srkit_core import hooks
from srkit_core.errors import PluginError
from srkit_core.spec_faults import check_specs
from srkit_core.specs import AnnouncedSpec


@dataclass(frozen=True)
class Problem:
    """A plugin that is installed but could not be used; nobody else notices."""

    plugin: str
    distribution: str
    version: str
    error: str
    traceback: str


def distribution_of(point: EntryPoint) -> tuple[str, str]:
    """Return name and version, the name in the one spelling that installers, catalogue and
    expressions share (PEP 503).
    """
    return (
        (re.sub(r"[-_.]+", "-", point.dist.name).lower(), point.dist.version)
        if point.dist
        else ("unknown", "0")
    )


def load_plugin(point: EntryPoint) -> tuple[list[AnnouncedSpec], tuple[str, str]] | Problem:
    """Import one plugin and take what it announces: all of it or nothing."""
    distribution, version = distribution_of(point)
    try:
        return _announced(point), (distribution, version)
    except (Exception, SystemExit) as error:
        first_line = (str(error).strip().splitlines() or [""])[0]
        return Problem(
            point.name,
            distribution,
            version,
            f"{type(error).__name__}: {first_line}",
            traceback.format_exc(),
        )


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
    check_specs(specs)
    return specs
