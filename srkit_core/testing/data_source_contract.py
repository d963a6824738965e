"""Which checks does a source of pictures pass?"""

from srkit_core.errors import RecipeError
from srkit_core.interfaces import PictureSource
from srkit_core.models.build import build_extension
from srkit_core.specs import DataSourceSpec
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.extension_contract import ExtensionContract


class DataSourceContract(ExtensionContract):
    """Checks of a source of pictures: it is made, and no address is opened.

    Attributes:
        expression: its scheme, with options to try where it has some.
    """

    spec_class = DataSourceSpec

    @check("values")
    def test_it_makes_a_source(self) -> None:
        """An object with `files` and `read`; not tried where a package that it needs is missing."""
        try:
            made = build_extension(self.bound())
        except RecipeError as error:
            raise NotTriedError(error.message) from None
        assert isinstance(made, PictureSource), (
            f"its factory makes a {type(made).__name__} without files and read"
        )
