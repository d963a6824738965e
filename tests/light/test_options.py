"""Does a written value become what a factory's signature asks for, and nothing else?"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest

from srkit_core.expressions import Call
from srkit_core.interfaces import (
    AdversarialLoss,
    Between,
    Count,
    Degradation,
    Discriminator,
    Generator,
    Loss,
    Metric,
    Range,
    ReferenceLoss,
)
from srkit_core.options import MisfitError, check_signature, context_of, fit, options_of, type_name

Share = Annotated[float, Between(0, 1)]
Layer = Literal["conv5_4", 16, True]
VGG = Call("vgg", (("n", 3),))

FITS = [
    (3, int, 3),
    (3, float, 3.0),
    (2.5, float, 2.5),
    (True, bool, True),
    ("abc", str, "abc"),
    (Range(1, 2), Range, Range(1, 2)),
    ("conv5_4", Layer, "conv5_4"),
    (16, Layer, 16),
    (True, Layer, True),
    ((), tuple[float, ...], ()),
    ((1, 2.5), tuple[float, ...], (1.0, 2.5)),
    ((1, "a"), tuple[int, str], (1, "a")),
    (((1, 2), (3,)), tuple[tuple[int, ...], ...], ((1, 2), (3,))),
    ("none", int | None, None),
    (3, int | None, 3),
    (3, float | None, 3.0),
    (3, int | float, 3),
    ("none", str, "none"),
    (0.5, float | Range, 0.5),
    (Range(1, 2), float | Range, Range(1, 2)),
    ("auto", Literal["auto"] | float, "auto"),
    ("vgg", Discriminator, Call("vgg")),
    (VGG, Discriminator, VGG),
    (VGG, Generator | None, VGG),
    ("none", Generator | None, None),
    (("l1", VGG), tuple[Loss, ...], (Call("l1"), VGG)),
    ("l1", Loss | None, Call("l1")),
    ("word", str | Discriminator, "word"),
    (VGG, str | Discriminator, VGG),
    (1, Count, 1),
    ("none", Count | None, None),
    (0, Share, 0.0),
    (1, Share, 1.0),
    (Range(0.5, 1), Annotated[float | Range, Between(0, 1)], Range(0.5, 1)),
]

MISFITS = [
    (0, Count, "expects int >= 1, not 0"),
    (-3, Count | None, "expects int >= 1 | none, not -3"),
    (1.5, Count, "expects int, not 1.5"),
    (1.01, Share, "expects float in 0..1, not 1.01"),
    (3, Annotated[int, Between(high=2)], "expects int <= 2, not 3"),
    (
        Range(0.5, 1.5),
        Annotated[float | Range, Between(0, 1)],
        "expects float | low..high in 0..1, not 0.5..1.5",
    ),
    (2.5, int, "expects int, not 2.5"),
    (True, int, "expects int, not true"),
    (3, bool, "expects bool, not 3"),
    (False, float, "expects float, not false"),
    ("many", int, "expects int, not 'many'"),
    (3, str, "expects str, not 3"),
    (VGG, str, "expects str, not 'vgg(n=3)'"),
    (3, Range, "expects low..high, not 3"),
    (Range(1, 2), float, "expects float, not 1..2"),
    ("x", Layer, "expects conv5_4 | 16 | True, not 'x'"),
    (1, Layer, "expects conv5_4 | 16 | True, not 1"),
    ((1, "a"), tuple[float, ...], "expects float, not 'a'"),
    (1, tuple[float, ...], "expects list of float, not 1"),
    ((1, 2, 3), tuple[int, int], "expects [int, int], not [1, 2, 3]"),
    ("x", int | None, "expects int | none, not 'x'"),
    (3, Discriminator, "expects discriminator, not 3"),
    ("none", int, "expects int, not 'none'"),
]

TYPE_NAMES = [
    (int, "int"),
    (float | None, "float | none"),
    (Literal["tanh", "linear"], "tanh | linear"),
    (tuple[float, ...], "list of float"),
    (tuple[int, str], "[int, str]"),
    (Range | float, "low..high | float"),
    (Generator, "generator"),
    (Discriminator, "discriminator"),
    (Loss, "loss"),
    (ReferenceLoss, "loss"),
    (AdversarialLoss, "loss"),
    (Loss | None, "loss | none"),
    (Metric, "metric"),
    (tuple[Degradation, ...], "list of degradation"),
]


@pytest.mark.parametrize(("value", "annotation", "wanted"), FITS)
def test_a_value_that_fits_becomes_the_type(value, annotation, wanted):
    assert repr(fit(value, annotation)) == repr(wanted)


@pytest.mark.parametrize(("value", "annotation", "message"), MISFITS)
def test_a_misfit_says_what_was_expected(value, annotation, message):
    with pytest.raises(MisfitError) as caught:
        fit(value, annotation)
    assert str(caught.value) == message


@pytest.mark.parametrize(("annotation", "name"), TYPE_NAMES)
def test_types_have_names_for_people(annotation, name):
    assert type_name(annotation) == name


def _net(
    *,
    scale: int,
    of: Discriminator,
    patch: int = 8,
    eps: float = 1e-3,
    layers: tuple[str, ...] = (),
) -> Generator:
    """Make a network.

    The first paragraph about eps: it is not documentation of an option.

    Args:
        eps: where the loss turns from quadratic to linear,
            as a difference in [0, 1]: small.
        layers (tuple[str, ...]): which layers.
        of: the network
            it is made of.

    Returns:
        eps: not this.
    """
    raise AssertionError("nobody builds it")


def test_options_come_from_the_signature_and_the_docstring():
    of, eps, layers = options_of(_net)
    assert (of.name, of.type_name, of.required, of.doc) == (
        "of",
        "discriminator",
        True,
        "the network it is made of.",
    )
    assert (eps.name, eps.default, eps.required) == ("eps", 1e-3, False)
    assert (
        eps.doc
        == "where the loss turns from quadratic to linear, as a difference in [0, 1]: small."
    )
    assert (layers.type_name, layers.doc) == ("list of str", "which layers.")


def test_context_is_asked_for_by_name_and_is_no_option():
    assert context_of(_net) == ("scale", "patch")
    assert {"scale", "patch"}.isdisjoint(option.name for option in options_of(_net))


def test_a_factory_without_docstring_has_undocumented_options():
    def bare(*, n: int = 3) -> Metric: ...

    (option,) = options_of(bare)
    assert (option.name, option.doc) == ("n", "")


def _positional(n: int = 3): ...
def _open(**rest: int): ...
def _untyped(*, n=3): ...
def _container(*, n: dict[str, int]): ...
def _function(*, n: Callable[[int], int]): ...
def _bare_tuple(*, n: tuple = ()): ...
def _nested(*, n: tuple[list[int], ...] = ()): ...
def _anything(*, n: Any = 1): ...
def _wrong_default(*, n: int = None): ...  # noqa: RUF013 - the fault that is looked for
def _fraction(*, n: int = 0.5): ...


FAULTS = [
    (_positional, "parameter 'n' of its factory is not keyword-only"),
    (_open, "parameter 'rest' of its factory is not keyword-only"),
    (_untyped, "parameter 'n' of its factory has no type"),
    (_container, "parameter 'n' of its factory has type dict[str, int], which is no option type"),
    (
        _function,
        "parameter 'n' of its factory has type collections.abc.Callable[[int], int], which is no "
        "option type",
    ),
    (_bare_tuple, "parameter 'n' of its factory has type tuple, which is no option type"),
    (
        _nested,
        "parameter 'n' of its factory has type tuple[list[int], ...], which is no option type",
    ),
    (_anything, "parameter 'n' of its factory has type Any, which is no option type"),
    (
        _wrong_default,
        "the default of parameter 'n' of its factory does not fit its type: it expects int, not "
        "'none'",
    ),
    (
        _fraction,
        "the default of parameter 'n' of its factory does not fit its type: it expects int, "
        "not 0.5",
    ),
]


@pytest.mark.parametrize(("factory", "fault"), FAULTS)
def test_a_signature_that_nobody_could_write_options_for_is_refused(factory, fault):
    assert check_signature(factory) == fault


def test_every_option_type_is_accepted_at_the_door():
    def rich(
        *,
        scale: int,
        a: int | None = None,
        b: float = 1,
        c: Literal["x", 2] = 2,
        d: tuple[float, int] = (0.5, 1),
        e: float | Range = 1.0,
        f: Loss | None = None,
        g: tuple[Degradation, ...] = (),
        h: str = "",
        i: bool = False,
    ) -> Metric: ...

    assert check_signature(rich) is None
