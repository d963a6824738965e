"""Which checks does a component of any kind pass?"""

from srkit_core.errors import SrkitError
from srkit_core.expressions import parse_call
from srkit_core.testing.checks import check
from srkit_core.testing.option_checks import OptionChecks


class ComponentContract(OptionChecks):
    """Checks of every component. Subclass the contract of a kind, not this."""

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

    def distribution_under_test(self) -> str:
        """Return the distribution that announces it."""
        return self.bound().component.distribution
