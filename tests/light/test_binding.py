"""Are options bound to the component they were written for, defaults filled in, and strangers
refused?
"""

import pytest

from srkit_core.binding import BoundComponent, bind
from srkit_core.errors import AmbiguousError, IncompatibleError, OptionError, UnknownComponentError
from srkit_core.expressions import Call, parse_call
from srkit_core.interfaces import Discriminator, Generator, Metric, Range, ReferenceLoss
from srkit_core.registry import discover
from srkit_core.specs import DiscriminatorSpec, GeneratorSpec, LossSpec, MetricSpec

CONTEXT = {"scale": 4, "patch": 96}


def of_kinds(
    *,
    several: tuple[Discriminator, ...] = (),
    number: int | Discriminator = 1,
    maybe: Discriminator | None = None,
    ranged: float | Range | None = None,
) -> ReferenceLoss:
    raise AssertionError("nobody builds it")


def needs(*, size: int, tail: str = "x") -> Generator:
    raise AssertionError("nobody builds it")


def judge(*, patch: int, width: int = 64) -> Discriminator:
    raise AssertionError("nobody builds it")


@pytest.fixture(scope="module")
def registry(plugin):
    found = discover(
        [
            plugin(
                LossSpec(name="kinds", factory=of_kinds, summary="s"),
                GeneratorSpec(name="needs", factory=needs, summary="s", scales=(4,)),
                DiscriminatorSpec(name="judge", factory=judge, summary="s"),
            )
        ]
    )
    assert found.problems == ()
    return found


def of(bound: BoundComponent) -> dict[str, object]:
    return {
        "name": bound.component.full_name,
        "options": dict(bound.options),
        "context": dict(bound.context),
    }


def test_defaults_are_filled_in_and_context_is_what_was_asked_for(tiny):
    bound = bind(tiny, "generator", parse_call("net"), CONTEXT)
    assert of(bound) == {
        "name": "srkit-tiny/net",
        "options": {"blocks": 4, "tail": "linear"},
        "context": {"scale": 4},
    }
    assert bound.arguments == {"blocks": 4, "tail": "linear", "scale": 4}


def test_written_options_win_and_the_expression_says_all_of_them(tiny):
    bound = bind(tiny, "generator", parse_call("net(tail=tanh)"), CONTEXT)
    assert str(bound.expression) == "srkit-tiny/net(blocks=4, tail=tanh)"
    assert of(bind(tiny, "generator", bound.expression, CONTEXT)) == of(bound)


def test_the_name_stays_as_it_was_written(tiny):
    bound = bind(tiny, "generator", parse_call("srkit-tiny/net"), CONTEXT)
    assert str(bound.expression) == "srkit-tiny/net(blocks=4, tail=linear)"


def test_a_clash_is_bound_by_its_full_name_and_stays_clear(plugin):
    spec = DiscriminatorSpec(name="judge", factory=judge, summary="s")
    registry = discover(
        [plugin(spec, distribution="srkit-a"), plugin(spec, distribution="srkit-b")]
    )
    with pytest.raises(AmbiguousError):
        bind(registry, "discriminator", parse_call("judge"), CONTEXT)
    bound = bind(registry, "discriminator", parse_call("srkit-b/judge"), CONTEXT)
    assert (
        bind(registry, "discriminator", bound.expression, CONTEXT).component.distribution
        == "srkit-b"
    )


def test_nested_components_are_bound_with_the_context(tiny):
    bound = bind(tiny, "discriminator", parse_call("multi(of=fixed, n=2)"), CONTEXT)
    assert of(bound.options["of"]) == {
        "name": "srkit-tiny/fixed",
        "options": {},
        "context": {"patch": 96},
    }
    assert str(bound.expression) == "srkit-tiny/multi(of=srkit-tiny/fixed(), n=2)"
    assert parse_call(str(bound.expression)) == bound.expression


@pytest.mark.parametrize(
    ("text", "option", "wanted"),
    [
        (
            "kinds(several=[judge, judge(width=8)])",
            "several",
            ["srkit-fake/judge(width=64)", "srkit-fake/judge(width=8)"],
        ),
        ("kinds(maybe=judge)", "maybe", "srkit-fake/judge(width=64)"),
        ("kinds(number=judge)", "number", "srkit-fake/judge(width=64)"),
    ],
)
def test_components_are_found_in_lists_and_alternatives(registry, text, option, wanted):
    value = bind(registry, "loss", parse_call(text), CONTEXT).options[option]
    assert (
        [str(bound.expression) for bound in value]
        if isinstance(value, tuple)
        else str(value.expression)
    ) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "srkit-fake/kinds(several=[], number=3, maybe=none, ranged=none)",
        "srkit-fake/kinds(several=[srkit-fake/judge(width=8)], number=1, "
        "maybe=srkit-fake/judge(width=9), ranged=0.5..2.0)",
    ],
)
def test_an_expression_is_bound_to_the_same_again(registry, text):
    bound = bind(registry, "loss", parse_call(text), CONTEXT)
    assert str(bound.expression) == text
    assert (
        bind(registry, "loss", parse_call(str(bound.expression)), CONTEXT).expression
        == bound.expression
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("needs", "needs: option 'size' must be given", "srkit show needs"),
        ("needs(size=big)", "needs: option 'size' expects int, not 'big'", "srkit show needs"),
        ("needs(size=1.5)", "needs: option 'size' expects int, not 1.5", "srkit show needs"),
        ("needs(sise=1)", "needs has no option 'sise'", "did you mean 'size'? srkit show needs"),
        ("needs(q=1)", "needs has no option 'q'", "srkit show needs"),
        (
            "needs(size=1, scale=2)",
            "needs: 'scale' comes from the recipe, it is no option",
            "--scale N",
        ),
        (
            "needs(size=1, patch=2)",
            "needs: 'patch' comes from the recipe, it is no option",
            "--patch N",
        ),
    ],
)
def test_an_option_that_does_not_fit_is_named(registry, text, message, hint):
    with pytest.raises(OptionError) as caught:
        bind(registry, "generator", parse_call(text), CONTEXT)
    assert (str(caught.value), caught.value.hint) == (message, hint)
    assert caught.value.component == "needs"


def test_a_fault_inside_a_nested_component_names_that_component(tiny):
    with pytest.raises(OptionError, match="critic has no option 'widht'"):
        bind(tiny, "discriminator", parse_call("multi(of=critic(widht=3))"), CONTEXT)
    with pytest.raises(
        UnknownComponentError,
        match=r"no discriminator named 'net' is installed \(there is a generator",
    ):
        bind(tiny, "discriminator", parse_call("multi(of=net)"), CONTEXT)
    with pytest.raises(OptionError, match="option 'of' must be given"):
        bind(tiny, "discriminator", parse_call("multi"), CONTEXT)


def test_context_that_is_not_there_is_an_error(tiny):
    with pytest.raises(
        IncompatibleError, match="metric 'scaled' needs a scale, which is not known here"
    ):
        bind(tiny, "metric", Call("scaled"), {})


def test_a_part_knows_its_kind(tiny):
    bound = bind(tiny, "generator", Call("net"), CONTEXT)
    assert bound.spec(GeneratorSpec).scales == (2, 4)
    with pytest.raises(TypeError, match="srkit-tiny/net is a generator, not a loss"):
        bound.spec(LossSpec)


def compared(*, gain: float = 1.0) -> ReferenceLoss:
    raise AssertionError("nobody builds it")


def framed(*, border: int = 3) -> Metric:
    raise AssertionError("nobody builds it")


@pytest.fixture(scope="module")
def kinds(plugin):
    specs = [
        LossSpec(name="near", factory=compared, summary="s"),
        LossSpec(name="game", factory=compared, summary="s", adversarial=True),
        LossSpec(name="alone", factory=compared, summary="s", needs_reference=False),
        MetricSpec(name="plain", factory=compared, summary="s", higher_is_better=True),
        MetricSpec(name="framed", factory=framed, summary="s", higher_is_better=True),
        MetricSpec(name="whole", factory=framed, summary="s", higher_is_better=True, domain="rgb"),
    ]
    return discover([plugin(*specs)])


@pytest.mark.parametrize(
    ("kind", "text", "own", "common"),
    [
        ("loss", "near(target=false, gain=2)", {"gain": 2.0}, {"target": False}),
        ("loss", "game(target=true)", {"gain": 1.0}, {"target": True}),
        (
            "metric",
            "plain(protocol=rgb, border=0)",
            {"gain": 1.0},
            {"protocol": "rgb", "border": 0},
        ),
        ("metric", "framed(border=1, protocol=y)", {"border": 1}, {"protocol": "y"}),
        ("metric", "whole(border=1)", {"border": 1}, {}),
        ("loss", "near", {"gain": 1.0}, {}),
    ],
)
def test_what_a_kind_takes_is_kept_beside_what_a_component_takes(kinds, kind, text, own, common):
    bound = bind(kinds, kind, parse_call(text), CONTEXT)
    assert (bound.options, bound.common) == (own, common)
    assert bind(kinds, kind, bound.expression, CONTEXT) == bind(kinds, kind, bound.expression, {})


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("loss", "alone(target=false)", "alone has no option 'target'"),
        ("metric", "whole(protocol=y)", "whole sees whole RGB pictures whatever the protocol is"),
        ("metric", "plain(border=-1)", "plain: option 'border' expects"),
        ("metric", "plain(protocol=xyz)", "plain: option 'protocol' expects"),
    ],
)
def test_what_a_kind_does_not_take_is_refused(kinds, kind, text, said):
    with pytest.raises(OptionError, match=said):
        bind(kinds, kind, parse_call(text), CONTEXT)
