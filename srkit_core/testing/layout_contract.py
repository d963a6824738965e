"""Which checks does a layout of other people's files pass?"""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors.torch import save_file
from torch import Tensor

from srkit_core.binding import BoundComponent
from srkit_core.errors import IncompatibleError, OptionError, RegistryError, WeightsError
from srkit_core.expressions import Call, parse_call
from srkit_core.models.foreign_weights import Recognised, import_weights
from srkit_core.models.layout_choice import fit_of
from srkit_core.models.table_keys import keys_of
from srkit_core.models.table_reading import bind_network, network_of
from srkit_core.models.weights_tables import WeightsTable
from srkit_core.options import options_of
from srkit_core.specs import GeneratorSpec, LayoutSpec, Replacement
from srkit_core.testing import layout_samples as samples
from srkit_core.testing.announcement_under_test import AnnouncementUnderTest
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.inverse_names import BeyondThisError

_ELSEWHERE = Path("a file of another")
_DIGEST = re.compile(r"[0-9a-f]{8,64}")
_TRIED = 12
_UNLIKE = 1e-4


class LayoutContract(AnnouncementUnderTest):
    """Checks of a layout: a file under the other project's names becomes the network it was,
    options and all, and files of others are left alone.

    Attributes:
        layout: the name of the layout.
        expression: a small network of that layout, as people write it, with every option that its
            file is recognised by; by default what its spec, or that of its network, calls small.
        scale: the scale a generator is built for; by default 4 where there is one.
    """

    layout: ClassVar[str]
    expression: ClassVar[str] = ""
    scale: ClassVar[int] = 0

    def foreign_name(self, name: str) -> str:
        """Return what the other project calls a tensor; as the renames tell, unless a test knows.

        Raises NotTriedError when nothing is renamed to it.
        """
        found = samples.foreign_name(self.spec_under_test, name)
        if found is None:
            raise NotTriedError(f"no name in a file becomes {name}")
        return found

    def foreign_table(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a network as a file holds them; a test adds what else is
        there.
        """
        return {self.foreign_name(name): value.contiguous() for name, value in tensors.items()}

    @check("announced")
    def test_it_says_what_it_is(self) -> None:
        """Whose files these are, and by which names they are known."""
        spec = self.spec_under_test
        assert spec.source.strip(), f"{spec.name} names no source: whose files are these?"
        known = spec.marks or spec.recognises
        assert known, f"{spec.name} has no marks, by which its files are known"

    @check("announced")
    def test_its_network_is_installed(self) -> None:
        """A layout is of a generator that learns, with scales that this has, or of a
        discriminator.
        """
        kind = self.spec_under_test.network_kind
        found = self.registry().find(kind, network_of(self.spec_under_test, self.registry())).spec
        if isinstance(found, GeneratorSpec):
            assert found.trainable, f"{found.name} has no tensors"
        scales = found.scales if isinstance(found, GeneratorSpec) else ()
        other = sorted(set(self.spec_under_test.scales) - set(scales))
        assert not other, f"{found.name} has no scale {', '.join(map(str, other))}"
        small = parse_call(self._expression()).name.rpartition("/")[2]
        assert small == found.name, f"its small {kind} is {small}, not {found.name}"

    @check("announced")
    def test_its_patterns_are_sound(self) -> None:
        """Marks and renames are regular expressions, and replacements name groups that exist."""
        for pattern, replacement in (
            *((mark, "") for mark in self.spec_under_test.marks),
            *self._renames(),
        ):
            try:
                re.sub(pattern, replacement, "")
            except re.error as error:
                raise AssertionError(f"'{pattern}' to '{replacement}': {error}") from None

    @check("announced")
    def test_known_files_have_digests_and_options(self) -> None:
        """A published file is known by its sha256, or at least 8 digits of it."""
        for digest, options in self.spec_under_test.known.items():
            self._network()
            assert _DIGEST.fullmatch(digest), (
                f"'{digest}' is no sha256, nor 8 or more of its first digits, in small letters"
            )
            self._bind_all(f"the options of the known file {digest[:8]}", options)

    @check("options")
    def test_what_is_usual_are_options_of_the_network(self) -> None:
        """What shapes do not show comes from numbers and habits, as options that exist and fit."""
        _, tensors = self._network()
        shapes = {name: tuple(value.shape) for name, value in tensors.items()}
        self._bind_all("what is usual", self.spec_under_test.usual(shapes))
        self._bind_all(
            "what its numbers say", self.spec_under_test.numbers(self.foreign_table(tensors))
        )
        self.spec_under_test.numbers({})

    @check("options")
    def test_a_file_of_other_options_is_what_it_was(self) -> None:
        """One option after the other is changed: the file is recognised as what it is. One of
        another choice may be of no layout, but one of another number is not refused.
        """
        bound, _ = self._network()
        for option, other in samples.variants(bound, self.registry(), self._scale()):
            value = other.options[option]
            found = self._expect_the_same(other, self._scale())
            counted = isinstance(value, int) and not isinstance(value, bool)
            assert found or not counted, f"a file of {option}={value} is refused"

    @check("shape")
    def test_a_file_of_every_scale_is_what_it_was(self) -> None:
        """The scale comes from the file too."""
        self._network()
        for scale in samples.scales_of(self.spec_under_test, self.registry()):
            found = self._expect_the_same(self._bound(scale), scale)
            assert found is not None, f"its own file of scale {scale} is refused"

    @check("file")
    def test_every_tensor_has_a_name_of_its_own(self) -> None:
        """Renames lose no tensor of the network, and make no two of one."""
        _, tensors = self._network()
        origin = dict[str, str]()
        for name in tensors:
            try:
                foreign = self.foreign_name(name)
            except NotTriedError as missing:
                if "becomes" not in str(missing):
                    raise
                raise AssertionError(
                    f"{missing}, which {self.spec_under_test.network} has"
                ) from None
            assert foreign not in origin, f"{origin[foreign]} and {name} are both {foreign}"
            origin[foreign] = name

    @check("file")
    def test_a_file_is_recognised_and_its_tensors_find_their_places(self) -> None:
        """The options come from the file alone, and every tensor is where it was."""
        bound, tensors = self._network()
        found, imported = self._taken(self.foreign_table(tensors))
        assert found.layout == self.spec_under_test, (
            f"it is taken for a file of {found.layout.name}"
        )
        assert (found.bound.expression, found.scale) == (bound.expression, self._scale()), (
            f"a file of {bound.expression} at scale {self._scale()} is taken for "
            f"{found.bound.expression} at scale {found.scale}; `small` may say which options count"
        )
        different = [
            name for name, value in tensors.items() if not torch.equal(imported[name], value)
        ]
        assert not different, f"these tensors are not what they were: {different}"

    @check("file")
    def test_what_it_writes_is_read_back(self) -> None:
        """A file that it writes for others is its own, of a network that computes the same."""
        bound, tensors = self._network()
        write = self.spec_under_test.write or samples.no_such_network
        try:
            found, imported = self._taken(dict(write(bound.arguments, tensors)))
        except ValueError:
            return
        off = samples.difference(bound, tensors, found.bound, imported, self._scale())
        assert off < _UNLIKE, f"what it writes computes something else, off by {off:.2g}"

    @check("file")
    def test_a_table_under_a_key_is_found(self) -> None:
        """Training programs put their weights under a key: marks match names from end to end."""
        _, tensors = self._network()
        table = {f"params_ema.{name}": value for name, value in self._named(tensors)}
        found, _ = self._taken(table)
        assert found.chosen.table.key == "params_ema", (
            f"the table 'params_ema' of a file is found as '{found.chosen.table.key}'"
        )

    @check("file")
    def test_a_missing_and_an_unexpected_tensor_are_named(self) -> None:
        """A file is taken whole or not at all."""
        _, tensors = self._network()
        names, named = list(tensors), False
        for name in names[:: -(-len(names) // _TRIED)]:
            foreign = self.foreign_name(name)
            table = self.foreign_table({k: v for k, v in tensors.items() if k != name})
            refusal = self._refusal(table)
            assert refusal, f"a file without {foreign} is taken"
            named |= name in refusal or not keys_of(self.spec_under_test, table)
        assert named, f"without {foreign} it says: {refusal}"
        more = self._refusal({**self.foreign_table(tensors), "something.else": torch.zeros(1)})
        assert "unexpected something.else" in more, (
            f"with a tensor 'something.else' that is none of the network's: {more or 'taken'}"
        )

    @check("inputs")
    def test_files_of_others_are_left_alone(self) -> None:
        """Marks that match the files of other projects would take them."""
        spec, registry = self.spec_under_test, self.registry()
        self._network()
        for names in samples.JUNK:
            taken = keys_of(spec, names)
            assert not taken, f"its marks match a file of {', '.join(map(repr, names[:3]))}"
        if spec.reads:  # it is asked after all others, and what it cannot read is not taken
            return
        for whose, table in samples.files_of_others(spec, registry):
            for key in keys_of(spec, table):
                read = WeightsTable(key, spec, table)
                reads = not key and fit_of(_ELSEWHERE, read, registry)
                assert reads, f"its marks match a file of {whose}, which it cannot read"

    @check("inputs")
    def test_its_functions_change_nothing(self) -> None:
        """Shapes and tensors are shown to several, and answers are the same each time."""
        _, tensors = self._network()
        table = self.foreign_table(tensors)
        kept = {name: value.clone() for name, value in table.items()}
        shapes = {name: tuple(value.shape) for name, value in tensors.items()}
        given, answers = dict(shapes), []
        for _ in range(2):
            answers.append(
                (
                    dict(self.spec_under_test.options(given)),
                    dict(self.spec_under_test.usual(shapes)),
                )
            )
            assert given == shapes, "options changes the shapes that it is shown"
        self.spec_under_test.numbers(table)
        same = table.keys() == kept.keys() and all(torch.equal(table[n], kept[n]) for n in kept)
        assert same, "numbers changes the tensors that it is shown"
        assert answers[0] == answers[1], "asked twice, it answers differently"

    @check("inputs")
    def test_no_name_takes_long(self) -> None:
        """A pattern whose time grows with the power of a name's length stops who opens a file."""
        _, tensors = self._network()
        parts = {part for name, _ in self._named(tensors) for part in name.split(".")}
        for pattern in (*self.spec_under_test.marks, *(rename[0] for rename in self._renames())):
            slow = samples.slow_name(re.compile(pattern).fullmatch, tuple(sorted(parts)[:_TRIED]))
            assert slow is None, f"the pattern '{pattern}' takes long for {slow}"

    @property
    def spec_under_test(self) -> LayoutSpec:
        """What its plugin announced."""
        return self.registry().one(LayoutSpec, self.layout).spec

    def _renames(self) -> tuple[tuple[str, Replacement], ...]:
        return self.spec_under_test.renames

    def _expression(self) -> str:
        return self.expression or samples.small_expression(self.spec_under_test, self.registry())

    def _scale(self) -> int:
        return self.scale or samples.usual_scale(
            samples.scales_of(self.spec_under_test, self.registry())
        )

    def _bound(self, scale: int) -> BoundComponent:
        kind, call = self.spec_under_test.network_kind, parse_call(self._expression())
        return bind_network(self.registry(), kind, call, samples.built_for(scale))

    def _network(self) -> tuple[BoundComponent, dict[str, Tensor]]:
        """Return the small network and its tensors.

        Raises NotTriedError where there is none, which has a check of its own.
        """
        try:
            bound = self._bound(self._scale())
        except (RegistryError, IncompatibleError) as error:
            raise NotTriedError(error.message) from None
        return bound, samples.network_tensors(bound)

    def _named(self, tensors: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
        return list(self.foreign_table(tensors).items())

    def _imported(self, table: Mapping[str, Tensor]) -> tuple[Recognised, dict[str, Tensor]]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "foreign.safetensors"
            save_file(dict(table), path)
            return import_weights(path, self.registry(), kind=self.spec_under_test.network_kind)

    def _taken(self, table: Mapping[str, Tensor]) -> tuple[Recognised, dict[str, Tensor]]:
        """Return what a file that must be taken is taken for."""
        refusal = self._refusal(table)
        assert not refusal, f"a file of its own is refused: {refusal}"
        return self._imported(table)

    def _refusal(self, table: Mapping[str, Tensor]) -> str:
        try:
            self._imported(table)
        except (WeightsError, OptionError) as error:
            return error.message
        return ""

    def _expect_the_same(self, bound: BoundComponent, scale: int) -> Recognised | None:
        """Return what the file of a network is taken for; None where it is refused, or another
        layout's.
        """
        tensors = samples.network_tensors(bound)
        try:
            table = self.foreign_table(tensors)
            found, imported = self._imported(table)
        except BeyondThisError:
            raise
        except (WeightsError, OptionError, NotTriedError):
            return None
        if found.layout != self.spec_under_test:
            return None
        assert found.scale == scale, f"a file of scale {scale} is taken for one of {found.scale}"
        off = samples.difference(bound, tensors, found.bound, imported, scale)
        assert off < _UNLIKE, (
            f"a file of {bound.expression} is taken for {found.bound.expression}, whose output is "
            f"off by {off:.2g}"
        )
        return found

    def _bind_all(self, what: str, options: Mapping[str, Any]) -> None:
        """Raise AssertionError for options that the network lacks, or that do not fit it."""
        kind = self.spec_under_test.network_kind
        name = network_of(self.spec_under_test, self.registry())
        spec = self.registry().find(kind, name).spec
        other = options.keys() - {one.name for one in options_of(spec.factory)}
        assert not other, f"{what}: {spec.name} has no option {', '.join(sorted(other))}"
        shown = {**dict(parse_call(self._expression()).options), **options}
        try:
            call, context = Call(name, tuple(shown.items())), samples.built_for(self._scale())
            bind_network(self.registry(), kind, call, context)
        except OptionError as error:
            raise AssertionError(f"{what}: {error.message}") from None
