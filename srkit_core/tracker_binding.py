"""Which tracker is this name, and can it be made?"""

from dataclasses import dataclass

from srkit_core.binding import bind_options
from srkit_core.errors import PluginError, SrkitError
from srkit_core.expressions import parse_call
from srkit_core.interfaces import Tracker
from srkit_core.misses import OWN_DISTRIBUTION
from srkit_core.registry import Registry
from srkit_core.specs import TrackerSpec


@dataclass(frozen=True)
class NamedTracker:
    """A tracker under the name that people know: the full one where a plugin brought it."""

    name: str
    tracker: Tracker


def make_tracker(registry: Registry, text: str) -> NamedTracker:
    """Make a tracker of what `--track` says, such as `tensorboard` or `mine(folder=logs)`.

    Raises UnknownComponentError or AmbiguousError for a name, OptionError for an option that does
    not fit, RecipeError where a package that it needs is not installed, and PluginError when it
    cannot be made.
    """
    call = parse_call(text)
    one = registry.one(TrackerSpec, call.name)
    options = bind_options(one.name, one.spec.factory, dict(call.options))
    name = one.name if one.distribution == OWN_DISTRIBUTION else one.full_name
    try:
        made = one.spec.factory(**options)
    except SrkitError:
        raise
    except Exception as error:  # a plugin may raise anything
        raise _broken(name, f"is not made: {type(error).__name__}: {error}") from error
    if not isinstance(made, Tracker):
        raise _broken(name, f"is a {type(made).__name__} without start, row, pictures and close")
    return NamedTracker(name, made)


def _broken(name: str, fault: str) -> PluginError:
    return PluginError(f"the tracker {name} {fault}", hint="srkit doctor, or leave out --track")
