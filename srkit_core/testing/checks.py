"""What is a law about?"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias, TypeVar, get_args

Check: TypeAlias = Literal[
    "announced", "options", "shape", "dtype", "gradient", "seed", "file", "values", "inputs"
]
"""Columns of the table that `srkit plugin check` prints.

What is announced; options documented and refused by name; shapes at odd sizes and every scale;
types and memory layouts; gradients; the same under one seed; through a weights file and back; what
the numbers say; inputs left alone.
"""

CHECKS: Final[tuple[Check, ...]] = get_args(Check)

_MARK = "__law_of__"
LawT = TypeVar("LawT", bound=Callable[..., None])


def check_name(check: Check) -> Callable[[LawT], LawT]:
    """Mark a method of a contract as a law about something."""

    def mark(method: LawT) -> LawT:
        setattr(method, _MARK, check)
        return method

    return mark


def laws_of(contract: type) -> Iterator[tuple[Check, str]]:
    """Yield every law of a contract: what it is about, and the method's name."""
    for name in dir(contract):
        check: Any = getattr(getattr(contract, name), _MARK, None)
        if check is not None:
            yield check, name
