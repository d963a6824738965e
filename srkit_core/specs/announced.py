"""What has every announcement of a plugin in common?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from srkit_core.field_bounds import OneLine, Prose
from srkit_core.interfaces import INTERFACES

Factory = Callable[..., Any]

CONTEXT = ("scale", "patch")
"""Factory parameters that the recipe fills in: `scale` (HR size / LR size) and `patch` (HR crop
side in pixels).
"""

FIRST_PARTY_LICENCE = "Apache-2.0"


@dataclass(frozen=True, kw_only=True)
class AnnouncedSpec:
    """Something that a plugin brings, under a name.

    `kind` is what it is, in the word that people type; `interface` the version of the interface of
    its kind that it was written for (0: the one of this srkit; write the number down in what you
    publish, and it is known when that interface moves).
    `expected_failures` says of checks of the test kit, by name, why they fail, where that is meant:
    `{"test_pictures_need_not_be_square": "of square tiles only"}`. Each must fail; one that passes
    is a failure.
    """

    kind: ClassVar[str]

    name: str
    interface: int = 0
    expected_failures: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Fill in the interface of this srkit where none is said."""
        if self.interface == 0:
            object.__setattr__(self, "interface", INTERFACES.get(getattr(self, "kind", ""), 1))


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
