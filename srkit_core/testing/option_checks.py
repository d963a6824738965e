"""Do the options of a component do what its announcement says?"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from srkit_core.errors import PluginError, SrkitError
from srkit_core.expressions import Call, Value, parse_call
from srkit_core.options import Option
from srkit_core.testing.checks import check
from srkit_core.testing.component_under_test import ComponentUnderTest, same_evidence
from srkit_core.testing.option_values import changed, choices_of, ends_of, other_values
from srkit_core.testing.spec_checks import FactoryChecks

_MOST_OTHERS = 2
"""Values of a second option with which an idle one is tried again."""


class OptionChecks(ComponentUnderTest, FactoryChecks):
    """Checks of the options of a component of any kind."""

    @check("options")
    def test_every_option_does_something(self) -> None:
        """Another value changes traits, weights or answers, alone or beside another value of one
        other option.
        """
        quiet = self.spec_under_test.unseen_options
        idle = [one.name for one in self._options() if one.name not in quiet and self._idle(one)]
        assert not idle, (
            f"the options {idle} change neither traits nor weights nor answers: take them away, "
            "or say in the spec with which others one acts, acts_with={'NAME': 'EXPRESSION'}, or "
            "why it is not seen, unseen_options={'NAME': 'REASON'}"
        )

    @check("options")
    def test_every_choice_can_be_made(self) -> None:
        """Each word of a `Literal` is one that people may write."""
        for option in self._options():
            for choice in choices_of(option):
                fault = self._refusal(option, choice)
                assert fault is None, (
                    f"{option.name}={choice} is one of its choices, and is refused: {fault}"
                )

    @check("options")
    def test_a_value_is_taken_or_refused_by_name(self) -> None:
        """What a type admits builds, or raises OptionError; bounds belong into the type."""
        for option in self._options():
            for value in [*other_values(option, self._current(option)), *ends_of(option)]:
                fault = _crash(self.variant(changed(self._call(), option.name, value)))
                assert fault is None, (
                    f"its type admits {option.name}={value}, which fails without naming the option "
                    f"({fault}): bound the type, as in Annotated[int, Between(low=1)], or raise "
                    "OptionError"
                )

    def _call(self) -> Call:
        return parse_call(self.expression)

    def _current(self, option: Option) -> Value:
        written = dict(self._call().options)
        default = "" if option.required else option.default
        return written.get(option.name, "none" if default is None else default)

    def _idle(self, option: Option) -> bool:
        """Whether all the values that could be tried change nothing, and one could be."""
        tried = False
        for base in self._bases(option):
            before = _seen(self.variant(base))
            if before is None:
                continue
            values = other_values(option, _written(base, option))
            if not values:
                continue
            for value in values:
                after = _seen(self.variant(changed(base, option.name, value)))
                tried = True
                if after is None or not same_evidence(before, after):
                    return False
        return tried

    def _bases(self, option: Option) -> Iterator[Call]:
        """Yield what an option is changed in: what its spec names, the component as it is tried,
        and that with one other option changed.
        """
        named = self.spec_under_test.acts_with.get(option.name)
        yield from [parse_call(named)] if named else []
        yield self._call()
        others = [
            [
                changed(self._call(), other.name, value)
                for value in _some(other_values(other, self._current(other)))
            ]
            for other in self._options()
            if other.name != option.name
        ]
        yield from chain.from_iterable(others)

    def _refusal(self, option: Option, choice: Value) -> str | None:
        """Say why a choice cannot be built, neither here nor beside the defaults of all others nor
        where its spec says that the option acts.
        """
        named = self.spec_under_test.acts_with.get(option.name)
        bases = [self._call(), *([parse_call(named)] if named else [])]
        bases.append(Call(self._call().name, ()))
        found = [_error(self.variant(changed(base, option.name, choice))) for base in bases]
        return None if None in found else next(filter(None, found))


def _written(call: Call, option: Option) -> Value:
    default = "" if option.required else option.default
    return dict(call.options).get(option.name, "none" if default is None else default)


def _some(values: list[Value]) -> list[Value]:
    """Return the first and the last values, which differ most."""
    return values if len(values) <= _MOST_OTHERS * 2 else [*values[:_MOST_OTHERS], values[-1]]


def _seen(variant: ComponentUnderTest) -> list[Any] | None:
    """Return what can be seen of a variant, None where it fails."""
    try:
        return variant.evidence()
    except Exception:  # a component may raise anything
        return None


def _error(variant: ComponentUnderTest) -> str | None:
    try:
        variant.build()
    except SrkitError as error:
        return error.message
    return None


def _crash(variant: ComponentUnderTest) -> str | None:
    """Say what a factory raises that is no error of srkit's."""
    try:
        variant.build()
    except PluginError as error:
        return f"{type(error.__cause__).__name__}: {error.__cause__}" if error.__cause__ else None
    except SrkitError:
        return None
    return None
