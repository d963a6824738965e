"""Which checks does what a distribution announces pass, whatever is in it?"""

from typing import ClassVar

from srkit_core.testing.announcement import AnnouncementReport, announcement_of, announcing
from srkit_core.testing.checks import check

_MOST_CPU = 1.0
"""Seconds of work: `srkit list` asks every plugin. Ours take less than a hundredth."""
_MOST_IDLE = 2.0
_FAST = "`srkit list` imports every plugin"


class AnnouncementChecks:
    """Checks of an announcement, tried in a process of its own, one a distribution."""

    def distribution_under_test(self) -> str:
        """Return the distribution, as installers spell it."""
        raise NotImplementedError

    def announcement(self) -> AnnouncementReport | None:
        """Return what was seen; None for what was made in Python, and is announced by nobody."""
        name = self.distribution_under_test()
        return announcement_of(name) if name in announcing() else None

    @check("announced")
    def test_its_announcement_can_be_read(self) -> None:
        """It is imported, asked, and answers with sound specs."""
        seen = self.announcement()
        faults = seen.problems if seen else ()
        assert not faults, f"srkit cannot use it: {_listed(faults)}; srkit doctor shows where"

    @check("announced")
    def test_its_announcement_imports_no_work(self) -> None:
        """`srkit list` imports every plugin, so torch and its like are imported by the body of a
        factory only.
        """
        seen = self.announcement()
        found = seen.heavy if seen else ()
        assert not found, (
            f"asked what it announces, it imports {_listed(found)}; import them in the body of the "
            "factory"
        )

    @check("announced")
    def test_its_words_are_read_without_work(self) -> None:
        """Options, their types and texts, and traits, before anything is built."""
        seen = self.announcement()
        assert not (seen and seen.words), (
            f"read without torch, these raise: {_listed(seen.words)}; let annotations and traits "
            "use what the announcing module imports"
        )
        assert not (seen and seen.heavy_words), (
            f"options and traits import {_listed(seen.heavy_words)}; compute traits from options "
            "alone"
        )

    @check("announced")
    def test_announcing_changes_nothing_else(self) -> None:
        """No file, process, thread, socket, setting, or random state."""
        seen = self.announcement()
        facts = seen.facts if seen else ()
        assert not facts, f"asked what it announces, it {_listed(facts)}; leave that to the factory"

    @check("announced")
    def test_announcing_says_nothing(self) -> None:
        """Nothing is printed, and nothing warned of: `srkit list --json` is one document."""
        seen = self.announcement()
        said = seen.said if seen else ()
        assert not said, f"asked what it announces, it {_listed(said)}; say it nowhere"

    @check("announced")
    def test_announcing_takes_no_time(self) -> None:
        """Little work, and no waiting."""
        seen = self.announcement()
        if seen is None:
            return
        assert seen.cpu <= _MOST_CPU, (
            f"asked what it announces, it works for {seen.cpu:.1f} s, of at most {_MOST_CPU:.0f}: "
            f"{_FAST}; import and compute in the factory"
        )
        assert seen.idle <= _MOST_IDLE, (
            f"asked what it announces, it waits for {seen.idle:.1f} s: {_FAST}; wait for nothing"
        )

    @check("announced")
    def test_it_announces_the_same_again(self) -> None:
        """Asked a second time, and imported a second time."""
        seen = self.announcement()
        faults = seen.again if seen and not seen.problems else ()
        assert not faults, f"asked again, it is not the same: {_listed(faults)}; keep no state"


class AnnouncementContract(AnnouncementChecks):
    """Checks of a distribution without components, such as one of layouts. Contracts of components
    hold these checks too.

    Attributes:
        distribution: its name, as installers spell it.
    """

    distribution: ClassVar[str]

    def distribution_under_test(self) -> str:
        """Return the distribution."""
        return self.distribution


def _listed(facts: tuple[str, ...]) -> str:
    return "; ".join(facts[:5]) + (f"; and {len(facts) - 5} more" if len(facts) > 5 else "")
