"""What has every announcement of a plugin in common?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from srkit_core.interfaces import INTERFACE_VERSION

Factory = Callable[..., Any]

CONTEXT = ("scale", "patch")
"""Factory parameters that the recipe fills in: `scale` (HR size / LR size) and `patch` (HR crop
side in pixels).
"""

FIRST_PARTY_LICENCE = "Apache-2.0"


@dataclass(frozen=True, kw_only=True)
class AnnouncedSpec:
    """Something that a plugin brings, under a name.

    `kind` is what it is, in the word that people type; `interface` the version of the interface
    that it was written for.
    """

    kind: ClassVar[str]

    name: str
    interface: int = INTERFACE_VERSION


@dataclass(frozen=True, kw_only=True)
class FactorySpec(AnnouncedSpec):
    """Something that a function builds.

    The factory holds the options: keyword-only, typed, with defaults and docstring there and
    nowhere else. Its body imports the working code. `small` is the expression of an instance that
    is quick to try and has every part, where the defaults are slow or an option must be given.
    """

    factory: Factory
    summary: str
    source: str = "empirical"
    licence: str = FIRST_PARTY_LICENCE
    small: str = ""
