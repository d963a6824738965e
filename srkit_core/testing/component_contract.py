"""Which checks does a component of any kind pass?"""

import inspect

from srkit_core.errors import SrkitError
from srkit_core.expressions import parse_call
from srkit_core.options import options_of
from srkit_core.testing.announcement_contract import AnnouncementChecks
from srkit_core.testing.checks import check, checks_of
from srkit_core.testing.option_checks import OptionChecks

_LONGEST_SUMMARY = 100


class ComponentContract(AnnouncementChecks, OptionChecks):
    """Checks of every component. Subclass the contract of a kind, not this."""

    @property
    def expected_failures(self) -> dict[str, str]:
        """Which checks fail, as the spec declares, and why; a test of an instance of its own may
        say others.
        """
        return dict(self.spec_under_test.expected_failures)

    @check("announced")
    def test_it_says_what_it_is(self) -> None:
        """A summary of one line, a source and a licence are what people choose by."""
        spec = self.spec_under_test
        assert spec.summary.strip(), f"{spec.name} has no summary"
        assert "\n" not in spec.summary, f"the summary of {spec.name} is longer than a line"
        assert len(spec.summary) <= _LONGEST_SUMMARY, (
            f"the summary of {spec.name} has {len(spec.summary)} characters: at most "
            f"{_LONGEST_SUMMARY} fit a table, the docstring of the factory has room for more"
        )
        assert spec.source.strip(), (
            f"{spec.name} names no source; say 'empirical' where there is none"
        )
        assert spec.licence.strip(), f"{spec.name} names no licence"

    @check("announced")
    def test_its_factory_is_explained(self) -> None:
        """`srkit show` begins with the docstring of the factory."""
        text = inspect.getdoc(self.spec_under_test.factory) or ""
        assert text.partition("Args:")[0].strip(), (
            f"the factory of {self.spec_under_test.name} has no docstring: say in a sentence what "
            "it computes"
        )
        assert text.replace("\n", " ").isprintable(), (
            f"the docstring of the factory of {self.spec_under_test.name} holds control "
            "characters: plain text only"
        )

    @check("announced")
    def test_its_small_instance_is_one_of_it(self) -> None:
        """`small` is what `srkit plugin check` tries."""
        spec = self.spec_under_test
        if not spec.small:
            return
        try:
            call = parse_call(spec.small)
        except SrkitError as error:
            raise AssertionError(f"small='{spec.small}' cannot be read: {error.message}") from None
        assert call.name == spec.name, f"small='{spec.small}' is not an instance of {spec.name}"
        try:
            self.variant(call).bound()
        except SrkitError as error:
            raise AssertionError(f"small='{spec.small}' does not fit: {error.message}") from None

    @check("announced")
    def test_its_declarations_are_of_what_exists(self) -> None:
        """Failures are expected of checks that there are, options are said to act that there
        are, and each has a reason.
        """
        spec, checks = self.spec_under_test, {name for _, name in checks_of(type(self))}
        options = {option.name for option in options_of(spec.factory)}
        said = {
            "expected_failures": (self.expected_failures, checks, "a check of its kind"),
            "acts_with": (spec.acts_with, options, "an option"),
            "unseen_options": (spec.unseen_options, options, "an option"),
        }
        for name, (declared, known, what) in said.items():
            wrong = sorted(set(declared) - known)
            assert not wrong, f"{name} of {spec.name} names {wrong}, which is not {what}"
            empty = sorted(key for key, reason in declared.items() if not reason.strip())
            assert not empty, f"{name} of {spec.name} gives no reason for {empty}"

    def distribution_under_test(self) -> str:
        """Return the distribution that announces it."""
        return self.bound().component.distribution
