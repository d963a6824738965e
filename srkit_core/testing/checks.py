"""What is a check of a contract about?"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias, TypeVar, get_args
from unittest import SkipTest

Topic: TypeAlias = Literal[
    "announced", "options", "shape", "dtype", "gradient", "seed", "file", "values", "inputs"
]
"""Columns of the table that `srkit plugin check` prints.

What is announced; options documented and refused by name; shapes at odd sizes and every scale;
types and memory layouts; gradients; the same under one seed; through a weights file and back; what
the numbers say; inputs left alone.
"""

TOPICS: Final[tuple[Topic, ...]] = get_args(Topic)


class NotTriedError(SkipTest):
    """A check cannot be tried on this machine, and why: a network that is not here. No failure."""


_MARK = "__check_of__"
CheckT = TypeVar("CheckT", bound=Callable[..., None])


def check(topic: Topic) -> Callable[[CheckT], CheckT]:
    """Mark a method of a contract as a check about a topic."""

    def mark(method: CheckT) -> CheckT:
        setattr(method, _MARK, topic)
        return method

    return mark


def checks_of(contract: type) -> Iterator[tuple[Topic, str]]:
    """Yield every check of a contract: what it is about, and the method's name."""
    for name in dir(contract):
        topic: Any = getattr(getattr(contract, name), _MARK, None)
        if topic is not None:
            yield topic, name
