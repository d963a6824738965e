"""Which checks does a schedule of the learning rate pass?"""

from collections.abc import Callable, Iterator
from math import isfinite

from srkit_core.interfaces import PastValidation, StepPosition
from srkit_core.specs import ScheduleSpec
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.extension_contract import ExtensionContract, work_imported

_STAGES = ((1, 0), (7, 0), (1000, 500))
"""Lengths of stages, and how many steps of the run are before them."""
_VALIDATIONS = tuple(
    PastValidation(step, {"loss": 0.1, "psnr": 25.0, "ssim": 0.7}, "pictures")
    for step in range(100, 1000, 100)
)
"""What they find: nothing improves."""


class ScheduleContract(ExtensionContract):
    """Checks of a schedule: its factors over stages of one, seven and a thousand steps; the longest
    is validated every hundred steps and improves no more.

    Attributes:
        expression: its name, with options to try where it has some.
    """

    spec_class = ScheduleSpec

    @check("values")
    def test_it_makes_a_function(self) -> None:
        """Called with the position of a step."""
        factor = self.build()
        assert callable(factor), f"its factory makes a {type(factor).__name__}, no function"

    @check("values")
    def test_its_factors_are_rates(self) -> None:
        """Finite numbers of at least 0, at every step."""
        for position, factor in self._factors():
            number = isinstance(factor, (int, float)) and not isinstance(factor, bool)
            assert number, f"at {position} it gives a {type(factor).__name__}, not a number"
            usable = isfinite(factor) and factor >= 0
            assert usable, f"at {position} it gives {factor}; a factor is finite and at least 0"

    @check("values")
    def test_it_moves_something(self) -> None:
        """A factor that is 0 at every step trains nothing."""
        assert any(factor > 0 for _, factor in self._factors()), "every factor is 0"

    @check("seed")
    def test_it_is_a_pure_function(self) -> None:
        """Asked again, from the end, and made anew, it says the same: a run that is resumed goes on
        as it would have gone.
        """
        first = list(self._factors())
        factor, other = self._made(), self._made()
        for position, before in reversed(first):
            for one in (factor, factor, other):
                after = one(position)
                assert after == before, f"at {position} it gives {before}, and later {after}"

    @check("announced")
    def test_it_works_without_torch(self) -> None:
        """It is made and called when a recipe is checked."""
        bound = self.bound()
        with work_imported() as found:
            factor = bound.installed.spec.factory(**bound.options)
            for step in (0, 1) if callable(factor) else ():
                factor(StepPosition(step, 2, step, 2, 1))
        assert not found, f"made and called, it imports {', '.join(sorted(found))}"

    def _made(self) -> Callable[[StepPosition], float]:
        factor = self.build()
        if not callable(factor):
            raise NotTriedError("it is no function")
        made: Callable[[StepPosition], float] = factor
        return made

    def _factors(self) -> Iterator[tuple[StepPosition, float]]:
        factor = self._made()
        for length, before in _STAGES:
            for step in range(length):
                at = _place(step, length, before)
                try:
                    yield at, factor(at)
                except Exception as error:  # a plugin may raise anything
                    fault = f"{type(error).__name__}: {error}"
                    raise AssertionError(f"at {at} it raised {fault}") from error


def _place(step: int, length: int, before: int) -> StepPosition:
    seen = tuple(one for one in _VALIDATIONS if one.step <= step)
    better = frozenset(("psnr", "ssim"))
    return StepPosition(step, length, before + step, before + length, 100, seen, better)
