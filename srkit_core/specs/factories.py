"""How is something announced that a function builds?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from srkit_core.announced import FIRST_PARTY_LICENCE, AnnouncedSpec
from srkit_core.field_bounds import OneLine, Prose

Factory = Callable[..., Any]

CONTEXT = ("scale", "patch")
"""Factory parameters that the recipe fills in: `scale` (HR size / LR size) and `patch` (HR crop
side in pixels).
"""


@dataclass(frozen=True, kw_only=True)
class FactorySpec(AnnouncedSpec):
    """Something that a function builds.

    The factory holds the options: keyword-only, typed, with defaults and docstring there and
    nowhere else. Its body imports the working code. `small` is the expression of an instance that
    is quick to try and has every part, where the defaults are slow or an option must be given.

    The test kit changes one option, or two, and looks for a difference. `acts_with` gives, by
    option, an expression in which it acts, where the kit finds none: `{"cutoff":
    "blur(kind=sinc)"}`; `unseen_options` says of an option why its value shows nowhere, such as
    one that only saves memory.
    """

    factory: Factory
    summary: OneLine
    source: Prose = "empirical"
    licence: OneLine = FIRST_PARTY_LICENCE
    small: OneLine = ""
    acts_with: Mapping[str, str] = field(default_factory=dict, hash=False)
    unseen_options: Mapping[str, str] = field(default_factory=dict, hash=False)
