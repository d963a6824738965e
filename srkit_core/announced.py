"""What has every announcement of a plugin in common?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from srkit_core.interfaces import INTERFACES

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
