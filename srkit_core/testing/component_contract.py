"""Which checks does a component of any kind pass?"""

from functools import cache
from typing import Any, ClassVar

from srkit_core.binding import BoundComponent, bind
from srkit_core.errors import OptionError
from srkit_core.expressions import Call, parse_call
from srkit_core.models.build import build
from srkit_core.options import options_of
from srkit_core.registry import Registry, discover
from srkit_core.specs import ComponentSpec, Kind
from srkit_core.testing.announcement import announcing, heavy_imports
from srkit_core.testing.checks import check

SEED = 0


class ComponentContract:
    """Checks of every component. Subclass the contract of a kind, not this.

    Attributes:
        expression: the component with the options to try, as people write it, such as
            `rrdb(blocks=1)`.
        scale: what the recipe would say to a factory that asks for `scale`.
        patch: what the recipe would say to a factory that asks for `patch`, the side of HR crops in
            pixels.
    """

    kind: ClassVar[Kind]
    expression: ClassVar[str]
    scale: ClassVar[int] = 4
    patch: ClassVar[int] = 32

    def registry(self) -> Registry:
        """Return where the component is found: among the installed ones, or those of a test."""
        return installed_registry()

    def bound(self, **context: int) -> BoundComponent:
        """Return the component with its options bound, for another scale or patch if given."""
        return bind(
            self.registry(),
            self.kind,
            parse_call(self.expression),
            {"scale": self.scale, "patch": self.patch, **context},
        )

    def build(self, **context: int) -> Any:
        """Build the component, the same each time; the global random state is left alone."""
        return build(self.bound(**context), seed=SEED)

    @check("announced")
    def test_it_says_what_it_is(self) -> None:
        """A summary of one line, a source and a licence are what people choose by."""
        spec = self.bound().component.spec
        assert spec.summary.strip(), f"{spec.name} has no summary"
        assert "\n" not in spec.summary, f"the summary of {spec.name} is longer than a line"
        assert spec.source.strip(), (
            f"{spec.name} names no source; say 'empirical' where there is none"
        )
        assert spec.licence.strip(), f"{spec.name} names no licence"

    @check("options")
    def test_every_option_is_documented(self) -> None:
        """`srkit show` takes its text from the section `Args:` of the factory's docstring."""
        missing = [option.name for option in options_of(self._spec.factory) if not option.doc]
        assert not missing, (
            f"the factory of {self._spec.name} documents no option {missing} in a section 'Args:' "
            "of its docstring"
        )

    @check("options")
    def test_an_unknown_option_is_refused(self) -> None:
        """A typo is an error, never ignored."""
        wrong = Call(self._spec.name, (("no_such_option", 1),))
        try:
            bind(self.registry(), self.kind, wrong, {"scale": self.scale, "patch": self.patch})
        except OptionError:
            return
        raise AssertionError(f"{self._spec.name} takes an option that it does not declare")

    @check("announced")
    def test_its_announcement_imports_no_work(self) -> None:
        """`srkit list` imports every plugin, so torch and its like are imported by the body of a
        factory only.
        """
        if self.bound().component.distribution not in announcing():
            return
        found = heavy_imports(self._spec.factory.__module__)
        assert not found, (
            f"importing {self._spec.factory.__module__} imports {sorted(found)}; import them in "
            "the body of the factory"
        )

    @property
    def _spec(self) -> ComponentSpec:
        return self.bound().component.spec


@cache
def installed_registry() -> Registry:
    """Return what is installed, looked up once in a process."""
    return discover()
