"""Does a degradation draw what its options say, and tell what it drew?"""

from math import isfinite
from typing import Any, Final

from srkit_core.errors import SrkitError
from srkit_core.expressions import Call, Value, parse_call
from srkit_core.interfaces import Range
from srkit_core.options import Option, options_of
from srkit_core.testing.checks import check
from srkit_core.testing.component_under_test import SelfT
from srkit_core.testing.degradation_calls import DegradationCalls
from srkit_core.testing.option_values import (
    changed,
    fits,
    takes_a_number,
    takes_a_range,
)
from srkit_core.testing.samples import pictures

_MANY: Final = 48
"""Pictures of which the draws are looked at."""
_REPLAYED: Final = 0.01
"""By how much LR may differ where a draw was written down with few digits."""


class DegradationDrawChecks(DegradationCalls):
    """Checks of ranges and of `traced`."""

    @check("values")
    def test_traced_returns_what_a_call_returns(self) -> None:
        """People look at what training sees."""
        found = self.traced(self.hr(), seed=1)
        if found is None:
            return
        worst = float((found[0] - self.lr(self.hr(), seed=1)).abs().max())
        assert worst == 0, (
            f"traced() under the same seed returns another LR than a call, by {worst:.3g}: let one "
            "call the other"
        )

    @check("values")
    def test_there_are_draws_for_each_picture(self) -> None:
        """A mapping a picture, names of the form `component.option`, numbers or words."""
        found = self.traced(self.hr(3))
        if found is None:
            return
        draws = found[1]
        assert len(draws) == 3, (
            f"traced() of 3 pictures tells of {len(draws)}: return one dict a picture"
        )
        for name, value in [pair for one in draws for pair in one.items()]:
            assert all(str(name).partition(".")), (
                f"traced() names a draw {name!r}: say 'component.option', as blur.sigma"
            )
            assert isinstance(value, (str, int, float)), (
                f"traced() says {name}={value!r}, a {type(value).__name__}: numbers or words only"
            )
            assert isinstance(value, str) or isfinite(value), f"traced() says {name}={value}"

    @check("values")
    def test_what_is_drawn_lies_in_its_range_and_fills_it(self) -> None:
        """Of an option `low..high`, a value a picture."""
        for option, low, high in self._ranges():
            drawn = self._drawn(self._with(option, Range(low, high)), option)
            if len(drawn) < _MANY // 2:
                continue
            slack = 1e-3 * max(1.0, abs(high))
            inside = min(drawn) >= low - slack and max(drawn) <= high + slack
            assert inside, (
                f"of {option.name}={low}..{high} it draws {min(drawn):.4g} to {max(drawn):.4g}: "
                "draw between the ends of the range that is given"
            )
            assert max(drawn) - min(drawn) > (high - low) / 2, (
                f"of {option.name}={low}..{high} {len(drawn)} pictures get {min(drawn):.4g} to "
                f"{max(drawn):.4g}: draw a value a picture, over the whole range"
            )

    @check("values")
    def test_a_range_of_one_value_is_that_value(self) -> None:
        """`2..2` means 2, told and done."""
        for option, low, _ in self._ranges():
            fixed = self._with(option, Range(low, low))
            drawn = self._drawn(fixed, option)
            assert all(abs(one - low) <= 1e-3 * max(1.0, abs(low)) for one in drawn), (
                f"of {option.name}={low}..{low} traced() says {drawn[0]}"
            )
            if not takes_a_number(option):
                continue
            plain = self._with(option, _as_number(option, low))
            try:
                if fixed.is_random() or plain.is_random():
                    continue
                worst = float((fixed.lr(self.hr()) - plain.lr(self.hr())).abs().max())
            except SrkitError:
                continue
            assert worst <= _REPLAYED, (
                f"LR of {option.name}={low}..{low} differs from LR of {option.name}={low} by "
                f"{worst:.3g}: draw between the ends of the range that is given"
            )

    @check("values")
    def test_what_traced_says_is_what_was_done(self) -> None:
        """With what it says of a picture written as options, that picture is degraded again."""
        call, hr = self._with_ranges(), self.hr(2)
        found = self.variant(call).traced(hr, seed=2)
        if found is None or len(found[1]) != len(hr):
            return
        for place, said in enumerate(found[1]):
            again = self.variant(self._as_said(call, said))
            try:
                if again.is_random():
                    return
                replayed = again.traced(hr)
            except SrkitError:
                return
            if replayed is None:
                return
            worst = float((replayed[0][place] - found[0][place]).abs().max())
            assert worst <= _REPLAYED, (
                f"traced() says {_short(said)}, and '{again.expression}' gives another LR, by "
                f"{worst:.3g}: tell the values that were used"
            )

    def _ranges(self) -> list[tuple[Option, float, float]]:
        """Return the options that take a range, with the ends of one."""
        return [
            (option, *ends)
            for option in options_of(self.spec_under_test.factory)
            if takes_a_range(option) and (ends := _ends(option, self._written(option)))
        ]

    def _written(self, option: Option) -> Value:
        default = "" if option.required else option.default
        return dict(parse_call(self.expression).options).get(option.name, default)

    def _with(self: SelfT, option: Option, value: Value) -> SelfT:
        return self.variant(changed(parse_call(self.expression), option.name, value))

    def _with_ranges(self) -> Call:
        """Return the component with a range for each option that takes one."""
        call = parse_call(self.expression)
        for option, low, high in self._ranges():
            call = changed(call, option.name, Range(low, high))
        return call

    def _as_said(self, call: Call, said: dict[str, Any]) -> Call:
        """Return the call with the values that traced() tells, where they fit an option."""
        for option, _, _ in self._ranges():
            told = next((one for name, one in said.items() if _is_of(name, option)), None)
            if told is not None and fits(told, option):
                call = changed(call, option.name, told)
        return call

    def _drawn(self, variant: DegradationCalls, option: Option) -> list[float]:
        """Return the numbers that traced() tells of an option."""
        side = 8 * self.divisor()
        try:
            found = variant.traced(pictures(_MANY, side, side), seed=4)
        except SrkitError:
            return []
        told = [value for one in (found[1] if found else []) for value in one.items()]
        return [
            float(value)
            for name, value in told
            if _is_of(name, option) and isinstance(value, (int, float))
        ]


def _is_of(name: str, option: Option) -> bool:
    """Whether a draw is of an option; what a second use of a component drew is numbered."""
    return name.rpartition(".")[2] == option.name and not name.partition(".")[2].count(".")


def _ends(option: Option, written: Value) -> tuple[float, float] | None:
    if isinstance(written, Range):
        return written.low, written.high
    if isinstance(written, bool) or not isinstance(written, (int, float)):
        return None
    whole = isinstance(written, int)
    low, high = (written, written + 8) if whole else (float(written), 1.5 * float(written) + 0.1)
    options = (Range(low, high), Range(low / 2, float(low)))
    found = next((one for one in options if fits(one, option)), None)
    return None if found is None else (found.low, found.high)


def _as_number(option: Option, value: float) -> Value:
    whole = int(value)
    return whole if whole == value and fits(whole, option) else value


def _short(said: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in said.items())
