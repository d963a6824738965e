"""What may be written into a field of an announcement, beyond its type?"""

import re
from collections.abc import Sized
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from srkit_core.interfaces import Between

_LONGEST_LINE: Final = 300
_LONGEST_PROSE: Final = 4000
_KEPT: Final = frozenset("\n\t\u00a0\u200c\u200d")
"""What is no printable character to Python, and part of text all the same."""


@dataclass(frozen=True)
class Written:
    """Text that fits a pattern from end to end; `words` say what that is."""

    pattern: str
    words: str

    def holds(self, text: str) -> bool:
        """Whether a text fits."""
        return re.fullmatch(self.pattern, text) is not None

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Readable:
    """Text of at most `longest` characters that cannot steer a terminal: no control characters, no
    marks of direction; in several `lines`, or in one.
    """

    longest: int
    lines: bool

    def holds(self, text: str) -> bool:
        """Whether a text is so."""
        return (
            len(text) <= self.longest
            and (self.lines or "\n" not in text)
            and (text.isprintable() or all(one.isprintable() or one in _KEPT for one in text))
        )

    def __str__(self) -> str:
        what = "text" if self.lines else "one line of text"
        return f"{what} of up to {self.longest} characters, none of them a control character"


@dataclass(frozen=True)
class AtLeast:
    """So many items, or more."""

    items: int

    def holds(self, found: Sized) -> bool:
        """Whether there are so many."""
        return len(found) >= self.items

    def __str__(self) -> str:
        return f"of {self.items} item{'s'[: self.items - 1]} or more"


OneLine: TypeAlias = Annotated[str, Readable(_LONGEST_LINE, lines=False)]
Prose: TypeAlias = Annotated[str, Readable(_LONGEST_PROSE, lines=True)]
Sha256: TypeAlias = Annotated[str, Written(r"[0-9a-f]{64}", "64 hex digits, in small letters")]
Ending: TypeAlias = Annotated[str, Written(r"\.[a-z0-9]{1,16}", "an ending such as .png")]
NotNegative: TypeAlias = Annotated[int, Between(low=0)]
LossWeight: TypeAlias = Annotated[float, Between(low=0)]
