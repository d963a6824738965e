"""What is announced under this name, and which of its checks are meant to fail?"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from srkit_core.registry import Registry
from srkit_core.specs import AnnouncedSpec
from srkit_core.testing.component_under_test import installed_registry


class AnnouncementUnderTest(ABC):
    """Something that a distribution announces and that no factory builds: a file, or a layout."""

    def registry(self) -> Registry:
        """Return where it is found: among what is installed, or those of a test."""
        return installed_registry()

    @property
    @abstractmethod
    def spec_under_test(self) -> AnnouncedSpec:
        """What its plugin announced."""

    @property
    def expected_failures(self) -> Mapping[str, str]:
        """Which checks fail, as the spec declares, and why."""
        return self.spec_under_test.expected_failures
