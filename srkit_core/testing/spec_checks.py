"""Does an announcement say what it is, whose it is, and which options it takes?"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping

from srkit_core.options import Option, documented_names, options_of
from srkit_core.specs import CONTEXT, AnnouncedSpec, FactorySpec
from srkit_core.testing.announcement_contract import AnnouncementChecks
from srkit_core.testing.checks import check, checks_of

_LONGEST_SUMMARY = 100


class SaidChecks(AnnouncementChecks, ABC):
    """Checks of the words of a spec of any kind that has a summary and a licence."""

    @property
    @abstractmethod
    def spec_under_test(self) -> AnnouncedSpec:
        """What its plugin announced."""

    @property
    def expected_failures(self) -> Mapping[str, str]:
        """Which checks fail, as the spec declares, and why; a test of an instance of its own may
        say others.
        """
        return dict(self.spec_under_test.expected_failures)

    @check("announced")
    def test_it_says_what_it_is(self) -> None:
        """A summary of one line, a source and a licence are what people choose by."""
        spec = self.spec_under_test
        summary, licence = getattr(spec, "summary", ""), getattr(spec, "licence", "")
        assert summary.strip(), f"{spec.name} has no summary"
        assert "\n" not in summary, f"the summary of {spec.name} is longer than a line"
        assert len(summary) <= _LONGEST_SUMMARY, (
            f"the summary of {spec.name} has {len(summary)} characters: at most "
            f"{_LONGEST_SUMMARY} fit a table, the docstring of the factory has room for more"
        )
        assert getattr(spec, "source", "empirical").strip(), (
            f"{spec.name} names no source; say 'empirical' where there is none"
        )
        assert licence.strip(), f"{spec.name} names no licence"

    @check("announced")
    def test_its_declarations_are_of_what_exists(self) -> None:
        """Failures are expected of checks that there are, options are said to act that there
        are, and each has a reason.
        """
        for name, (declared, known, what) in self._declared().items():
            wrong = sorted(set(declared) - known)
            said = f"{name} of {self.spec_under_test.name}"
            assert not wrong, f"{said} names {wrong}, which is not {what}"
            empty = sorted(key for key, reason in declared.items() if not reason.strip())
            assert not empty, f"{said} gives no reason for {empty}"

    def _declared(self) -> dict[str, tuple[Mapping[str, str], set[str], str]]:
        spec, checks = self.spec_under_test, {name for _, name in checks_of(type(self))}
        said = {"expected_failures": (self.expected_failures, checks, "a check of its kind")}
        if not isinstance(spec, FactorySpec):
            return said
        options = {option.name for option in options_of(spec.factory)}
        return said | {
            "acts_with": (spec.acts_with, options, "an option"),
            "unseen_options": (spec.unseen_options, options, "an option"),
        }


class FactoryChecks(SaidChecks, ABC):
    """Checks of the words of what a factory builds."""

    @property
    @abstractmethod
    def spec_under_test(self) -> FactorySpec:
        """What its plugin announced."""

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

    @check("options")
    def test_every_option_is_documented(self) -> None:
        """`srkit show` takes its text from the section `Args:` of the factory's docstring."""
        missing = [option.name for option in self._options() if not option.doc]
        assert not missing, (
            f"the factory of {self.spec_under_test.name} documents no option {missing} in a section"
            " 'Args:' of its docstring"
        )

    @check("options")
    def test_every_documented_option_exists(self) -> None:
        """A name in `Args:` that is no option is what people try, and what is refused."""
        there = {option.name for option in self._options()} | set(CONTEXT)
        wrong = [
            name for name in documented_names(self.spec_under_test.factory) if name not in there
        ]
        assert not wrong, (
            f"the docstring of the factory of {self.spec_under_test.name} documents {wrong}, which "
            "it does not take: add the option, or take its text away"
        )

    def _options(self) -> tuple[Option, ...]:
        return options_of(self.spec_under_test.factory)
