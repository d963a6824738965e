"""What is a check of a contract about?"""

import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast, get_args
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

CheckOutcome: TypeAlias = Literal["passed", "failed", "expected", "not tried"]


@dataclass(frozen=True)
class CheckResult:
    """What one check found; `why` says how it fails, or why it was not tried."""

    topic: Topic
    name: str
    outcome: CheckOutcome
    why: str | None = None

    @property
    def passed(self) -> bool | None:
        """Whether it passed; None where it was not tried."""
        return None if self.outcome == "not tried" else self.outcome in ("passed", "expected")


class NotTriedError(SkipTest):
    """A check cannot be tried on this machine, and why: a network that is not here. No failure."""


_MARK = "__check_of__"
CheckT = TypeVar("CheckT", bound=Callable[..., None])


class ExpectedFailureError(Exception):
    """A check fails, as its component declares; the message is the declared reason."""


def check(topic: Topic) -> Callable[[CheckT], CheckT]:
    """Mark a method of a contract as a check about a topic.

    Where the contract has `expected_failures`, a check named there must fail: pytest then reports
    an expected failure, and a failure where it passes.
    """

    def mark(method: CheckT) -> CheckT:
        @functools.wraps(method)
        def checked(contract: Any, *args: Any, **others: Any) -> None:
            try:
                run_check(contract, method, *args, **others)
            except ExpectedFailureError as expected:
                if "pytest" not in sys.modules:
                    raise
                sys.modules["pytest"].xfail(str(expected))

        setattr(checked, _MARK, topic)
        return cast(CheckT, checked)

    return mark


def run_check(contract: Any, method: Callable[..., None], *args: Any, **others: Any) -> None:
    """Run a check, wrapped or not, on an instance of its contract.

    Raises what the check raises; ExpectedFailureError in its place where its failure is declared,
    and AssertionError where a declared failure does not happen.
    """
    body = getattr(method, "__wrapped__", method)
    reasons = getattr(contract, "expected_failures", None) or {}
    reason = reasons.get(body.__name__)
    if reason is None:
        body(contract, *args, **others)
        return
    try:
        body(contract, *args, **others)
    except NotTriedError:
        raise
    except Exception as error:  # a component may raise anything
        raise ExpectedFailureError(reason) from error
    raise AssertionError(
        f"expected_failures says that {body.__name__} fails, and it passes: leave it out there"
    )


def checks_of(contract: type) -> Iterator[tuple[Topic, str]]:
    """Yield every check of a contract: what it is about, and the method's name."""
    for name in dir(contract):
        topic: Any = getattr(getattr(contract, name), _MARK, None)
        if topic is not None:
            yield topic, name
