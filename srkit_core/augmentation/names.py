"""Which augmentations are installed, and when do they happen?"""

from collections.abc import Callable
from typing import Any, get_type_hints

from srkit_core.augmentation.phases import PHASES
from srkit_core.errors import PluginError
from srkit_core.registry import Installed, Registry
from srkit_core.specs import AugmentationSpec


def phase_of(installed: Installed[AugmentationSpec]) -> int:
    """Return which of `PHASES` an augmentation is of.

    Raises PluginError when its factory neither is one nor says what it makes.
    """
    made = _made_by(installed.spec.factory)
    for number, phase in enumerate(PHASES):
        if isinstance(made, type) and issubclass(made, phase):
            return number
    raise PluginError(
        f"augmentation '{installed.full_name}' does not say of which phase it is",
        hint="its factory is a subclass of a phase of srkit_core.augmentation, or returns one",
    )


def augmentation_names(registry: Registry) -> tuple[str, ...]:
    """Return all names in the order in which their phases happen."""
    return tuple(name for names in _by_phase(registry) for name in names)


def describe_augmentations(registry: Registry) -> str:
    """Return all names, each in backticks, with the phases in which they happen, in their order."""
    *first, last = (
        f"{_listed([f'`{name}`' for name in names])} ({phase.phase})"
        for names, phase in zip(_by_phase(registry), PHASES, strict=True)
        if names
    )
    return f"{', '.join(first)}, and {last}" if first else last


def _by_phase(registry: Registry) -> list[list[str]]:
    """Return the names of each phase; those whose phase is unknown are left out."""
    groups = list[list[str]]([] for _ in PHASES)
    for one in registry.installed(AugmentationSpec):
        try:
            groups[phase_of(one)].append(one.name)
        except PluginError:
            continue
    return groups


def _made_by(factory: Callable[..., Any]) -> object:
    return factory if isinstance(factory, type) else get_type_hints(factory).get("return")


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
