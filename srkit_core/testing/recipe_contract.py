"""Which checks does a recipe that is shipped pass?"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from srkit_core.catalogue import providers
from srkit_core.chain import bind_chain
from srkit_core.errors import SrkitError, UnknownComponentError
from srkit_core.evaluation_files import is_evaluation_recipe, read_evaluation_recipe
from srkit_core.metric_binding import bind_metrics
from srkit_core.plan import Plan, plan
from srkit_core.recipe import PAIRED, Recipe, recipe_from_toml
from srkit_core.recipe_files import read_recipe_file
from srkit_core.specs import RecipeSpec
from srkit_core.testing.announcement_under_test import AnnouncementUnderTest
from srkit_core.testing.checks import NotTriedError, check

_MOST_BYTES = 2**16
_FEWEST_LETTERS = 20
_PLACE = re.compile(r"(?:/|~|[A-Za-z]:[\\/]|\\\\|file:).*", re.DOTALL)


class RecipeContract(AnnouncementUnderTest):
    """Checks of a recipe that comes with a distribution: everybody can read it, plan it, and tell
    what it is for. It is not trained.

    Attributes:
        recipe: the name of the recipe.
    """

    recipe: ClassVar[str]

    @check("announced")
    def test_it_says_what_it_is(self) -> None:
        """A line that people choose by, and where its numbers are from."""
        spec = self.spec_under_test
        assert spec.summary.strip(), f"{spec.name} has no summary"
        assert spec.source.strip(), f"{spec.name} names no source; 'empirical' where there is none"

    @check("announced")
    def test_its_file_comes_along(self) -> None:
        """A text of a few pages, in TOML, where the distribution keeps it."""
        path = self.spec_under_test.file
        assert path.is_absolute(), f"{path} is no absolute path; Path(__file__).with_name(...) is"
        assert path.is_file(), f"there is no file {path.name} in {path.parent}; is it in the wheel?"
        assert path.suffix == ".toml", f"{path.name} does not end in .toml"
        size = path.stat().st_size
        assert size <= _MOST_BYTES, f"{path.name} has {size:,} bytes; a recipe is text of a page"

    @check("announced")
    def test_it_begins_with_a_comment(self) -> None:
        """Who prints it with `srkit recipes NAME` sees first what it is for."""
        lines = self._text().lstrip("\n").splitlines() or [""]
        said = lines[0].lstrip("# ")
        assert lines[0].startswith("#"), f"it begins with '{lines[0][:40]}', not with a comment"
        assert len(said) >= _FEWEST_LETTERS, f"its first comment, '{said}', does not say what it is"

    @check("options")
    def test_it_is_a_recipe(self) -> None:
        """Every field is known, and of its type; lists that it points at lie beside it."""
        try:
            self._read()
        except SrkitError as error:
            raise AssertionError(" ".join(error.message.split())) from None

    @check("options")
    def test_it_fits_what_is_installed(self) -> None:
        """Every name in it is found, every option bound, every trait checked, as `srkit check`
        does. What another distribution of the catalogue brings need not be here.
        """
        try:
            self._bind()
        except UnknownComponentError as error:
            offers = providers(error.kind, error.name)
            if offers:
                fact = f"{error.kind} '{error.name}' is not installed: {offers[0].install}"
                raise NotTriedError(fact) from None
            raise AssertionError(error.message) from None
        except SrkitError as error:
            raise AssertionError(" ".join(error.message.split())) from None

    @check("announced")
    def test_it_names_itself(self) -> None:
        """Runs of it are called after it."""
        recipe = self._training()
        assert recipe.name == self.spec_under_test.name, (
            f"the file says name = '{recipe.name}', announced is '{self.spec_under_test.name}'"
        )

    @check("values")
    def test_it_means_the_same_written_out(self) -> None:
        """The recipe that a run writes into its folder repeats the run."""
        self._training()
        planned = self._planned()
        again = recipe_from_toml(planned.recipe.to_toml())
        assert again == planned.recipe, "written out and read again, it is another recipe"
        assert plan(again, self.registry()).recipe == again, "planned twice, it is another recipe"

    @check("inputs")
    def test_it_names_no_place_of_a_machine(self) -> None:
        """A path of its author's disk is on nobody else's."""
        self._read_or_not()
        document = tomllib.loads(self._text())
        places = [text for text in _texts(document) if _PLACE.fullmatch(text)]
        assert not places, f"it names {', '.join(places)}, which is on no other machine"

    @property
    def spec_under_test(self) -> RecipeSpec:
        """What its plugin announced."""
        return self.registry().one(RecipeSpec, self.recipe).spec

    @property
    def _path(self) -> Path:
        path = self.spec_under_test.file
        if not path.is_file():
            raise NotTriedError("its file is missing")
        return path

    def _text(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise NotTriedError("its file is no text") from None

    def _read(self) -> Recipe | None:
        """Return a recipe of training; None for one of evaluation, which is read too."""
        if not is_evaluation_recipe(self._path):
            return read_recipe_file(self._path)
        read_evaluation_recipe(self._path, {})
        return None

    def _read_or_not(self) -> Recipe | None:
        try:
            return self._read()
        except SrkitError:
            raise NotTriedError("it is no recipe") from None

    def _training(self) -> Recipe:
        recipe = self._read_or_not()
        if recipe is None:
            raise NotTriedError("it is a recipe of evaluation")
        return recipe

    def _planned(self) -> Plan:
        try:
            return plan(self._training(), self.registry())
        except SrkitError:
            raise NotTriedError("it does not fit what is installed") from None

    def _bind(self) -> None:
        recipe = self._read_or_not()
        if recipe is not None:
            plan(recipe, self.registry())
            return
        wanted = read_evaluation_recipe(self._path, {})
        bind_metrics(self.registry(), wanted.metrics)
        if wanted.lr is None and wanted.degrade != PAIRED and wanted.scale is not None:
            bind_chain(self.registry(), wanted.degrade, wanted.scale)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
