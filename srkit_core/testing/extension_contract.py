"""Which checks does everything pass that a factory builds and that is no component?"""

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from srkit_core.binding import BoundExtension, bind_extension
from srkit_core.errors import SrkitError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_extension
from srkit_core.registry import Registry
from srkit_core.specs import FactorySpec
from srkit_core.testing.announcement_process import HEAVY
from srkit_core.testing.component_under_test import installed_registry
from srkit_core.testing.spec_checks import FactoryChecks


class ExtensionContract(FactoryChecks):
    """Checks of a callback, optimizer, schedule and the like. Subclass the contract of a kind, not
    this.

    Attributes:
        expression: its name, with options to try where it has some: `mine(every=2)`.
    """

    spec_class: ClassVar[type[FactorySpec]]
    expression: ClassVar[str]

    def registry(self) -> Registry:
        """Return where it is found: among what is installed, or those of a test."""
        return installed_registry()

    def bound(self) -> BoundExtension:
        """Return it with its options bound."""
        return bind_extension(self.registry(), self.spec_class, parse_call(self.expression))

    def build(self) -> Any:
        """Build it as srkit does; AssertionError that says why where that fails."""
        try:
            return build_extension(self.bound())
        except SrkitError as error:
            raise AssertionError(" ".join(error.message.split())) from error

    @property
    def spec_under_test(self) -> FactorySpec:
        """What its plugin announced."""
        name = parse_call(self.expression).name
        return self.registry().one(self.spec_class, name).spec

    def distribution_under_test(self) -> str:
        """Return the distribution that announces it."""
        name = parse_call(self.expression).name
        return self.registry().one(self.spec_class, name).distribution


@contextmanager
def work_imported() -> Iterator[set[str]]:
    """Yield which libraries for work the block imports, also those that are here already."""
    seen, real = set[str](), builtins.__import__

    def noted(name: str, *args: Any, **others: Any) -> Any:
        seen.update({name.partition(".")[0]} & HEAVY)
        return real(name, *args, **others)

    builtins.__import__ = noted
    try:
        yield seen
    finally:
        builtins.__import__ = real
