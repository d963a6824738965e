"""Are lengths, expressions and free options read from text and written back?"""

import pytest
from pydantic import BaseModel, ValidationError

from srkit_core.expressions import Call, parse_call, parse_chain, parse_sum
from srkit_core.fields import (
    DegradationText,
    FreeOption,
    GeneratorText,
    LossText,
    Several,
    Span,
    SpanText,
)


class Everything(BaseModel):
    call: GeneratorText = parse_call("rrdb")
    sum: LossText = parse_sum("l1")
    chain: DegradationText = parse_chain("bicubic")
    span: SpanText = Span(1)
    several: Several[int] = ()
    free: FreeOption = 0


@pytest.mark.parametrize(
    ("written", "span", "kept"),
    [
        (5, Span(5), 5),
        ("5 steps", Span(5), 5),
        ("1 step", Span(1), 1),
        ("2 epochs", Span(2, "epochs"), "2 epochs"),
        (" 2epoch ", Span(2, "epochs"), "2 epochs"),
        (Span(3, "epochs"), Span(3, "epochs"), "3 epochs"),
    ],
)
def test_spans(written, span, kept):
    model = Everything(span=written)
    assert model.span == span
    assert model.model_dump(mode="json")["span"] == kept


@pytest.mark.parametrize(
    "written",
    [
        0,
        -1,
        2.0,
        True,
        "0 epochs",
        "two epochs",
        "2",
        "2 weeks",
        "-1 steps",
        None,
        "9" * 5000 + " steps",
    ],
)
def test_what_is_no_span_is_refused(written):
    with pytest.raises(ValidationError):
        Everything(span=written)


@pytest.mark.parametrize(("span", "steps"), [(Span(7), 7), (Span(3, "epochs"), 750)])
def test_a_span_counts_in_steps(span, steps):
    assert span.steps(250) == steps


def test_nodes_are_written_as_text_and_taken_as_they_are():
    model = Everything(call="rrdb(blocks=2)", sum="l1+tv", chain="a|b@0.5")
    assert model.model_dump(mode="json", include={"call", "sum", "chain"}) == {
        "call": "rrdb(blocks=2)",
        "sum": "l1 + tv",
        "chain": "a | b@0.5",
    }
    assert Everything(call=Call("rrdb")).call == Call("rrdb")


@pytest.mark.parametrize(
    "fields", [{"call": 3}, {"sum": parse_call("l1")}, {"chain": None}, {"call": ["rrdb"]}]
)
def test_what_is_no_text_of_an_expression_is_refused(fields):
    with pytest.raises(ValidationError, match="expects the text of an expression"):
        Everything(**fields)


@pytest.mark.parametrize("value", [3, 0.5, True, "x", (0.9, 0.99), ()])
def test_free_options_are_kept_exactly(value):
    model = Everything(free=value)
    assert repr(model.free) == repr(value)
    assert repr(Everything(**model.model_dump(mode="json")).free) == repr(value)


@pytest.mark.parametrize(
    "value", [None, {}, [None], [True], [{}], float("nan"), [float("inf")], [[1.0]]]
)
def test_free_options_are_numbers_words_and_lists_of_them(value):
    with pytest.raises(
        ValidationError, match="expects a number, true, false, a text or a list of numbers"
    ):
        Everything(free=value)


def test_several_are_a_list_in_toml_and_a_tuple_here():
    assert Everything(several=[1, 2]).several == (1, 2)
