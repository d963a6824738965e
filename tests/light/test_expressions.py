"""Does the language read what people write, write it back, and point at what it cannot read?"""

import random
import struct
from math import isfinite

import pytest

from srkit_core.errors import ExpressionError
from srkit_core.expressions import (
    MOST_NESTED,
    Call,
    Chain,
    Item,
    Sum,
    Term,
    parse_call,
    parse_chain,
    parse_sum,
    written,
)
from srkit_core.interfaces import Range

SUMS = {
    "l1": (Sum((Term(Call("l1")),)), "l1"),
    " l1+2e-8*tv ": (Sum((Term(Call("l1")), Term(Call("tv"), 2e-8))), "l1 + 2e-08*tv"),
    "l1 + 0.006*vgg(layer=conv5_4) + 0.005*ragan": (
        Sum(
            (
                Term(Call("l1")),
                Term(Call("vgg", (("layer", "conv5_4"),)), 0.006),
                Term(Call("ragan"), 0.005),
            )
        ),
        "l1 + 0.006*vgg(layer=conv5_4) + 0.005*ragan",
    ),
    "2*l1": (Sum((Term(Call("l1"), 2.0),)), "2.0*l1"),
    ".5*srkit-vgg/vgg()": (Sum((Term(Call("srkit-vgg/vgg"), 0.5),)), "0.5*srkit-vgg/vgg"),
    "1e3 * l1": (Sum((Term(Call("l1"), 1000.0),)), "1000.0*l1"),
    "l1\n  + tv": (Sum((Term(Call("l1")), Term(Call("tv")))), "l1 + tv"),
}

CHAINS = {
    "": (Chain(), ""),
    "  ": (Chain(), ""),
    "flip|turn": (Chain((Item(Call("flip")), Item(Call("turn")))), "flip | turn"),
    "jpeg(quality=30..95)@0.8": (
        Chain((Item(Call("jpeg", (("quality", Range(30, 95)),)), 0.8),)),
        "jpeg(quality=30..95)@0.8",
    ),
    "blur@1": (Chain((Item(Call("blur"), 1.0),)), "blur@1.0"),
    "blur @ 0": (Chain((Item(Call("blur"), 0.0),)), "blur@0.0"),
}

VALUES = {
    "3": (3, "3"),
    "-3": (-3, "-3"),
    "007": (7, "7"),
    "1.50": (1.5, "1.5"),
    ".5": (0.5, "0.5"),
    "1E-3": (0.001, "0.001"),
    "1e16": (1e16, "1e+16"),
    "true": (True, "true"),
    "false": (False, "false"),
    '"true"': ("true", '"true"'),
    "none": ("none", "none"),
    "conv5_4": ("conv5_4", "conv5_4"),
    '"a b"': ("a b", '"a b"'),
    '"word"': ("word", "word"),
    r'"\"\\\n\u00e9"': ('"\\\né', r'"\"\\\né"'),
    '""': ("", '""'),
    "[]": ((), "[]"),
    "[1, -2.5, x, [true]]": ((1, -2.5, "x", (True,)), "[1, -2.5, x, [true]]"),
    "[1,]": ((1,), "[1]"),
    "30..95": (Range(30, 95), "30..95"),
    "-5..5": (Range(-5, 5), "-5..5"),
    "-5..-1": (Range(-5, -1), "-5..-1"),
    ".5..1": (Range(0.5, 1), "0.5..1"),
    "1.5 .. 1.5": (Range(1.5, 1.5), "1.5..1.5"),
    "0...5": (Range(0, 0.5), "0..0.5"),
    "vgg-sn(n=3)": (Call("vgg-sn", (("n", 3),)), "vgg-sn(n=3)"),
    "vgg()": (Call("vgg"), "vgg()"),
    "true()": (Call("true"), "true()"),
}

MISTAKES = [
    (parse_sum, "", 0, "expected a component name, found the end"),
    (parse_sum, "l1 + + tv", 5, "expected a component name, found '+'"),
    (parse_sum, "l1 - tv", 3, "expected the end, found '-'"),
    (parse_sum, "l1 + -2*tv", 5, "weights have no sign"),
    (parse_sum, "0.5 l1", 4, "expected '*' after a weight, found 'l1'"),
    (parse_sum, "1e999*l1", 0, "the number is too large"),
    (parse_call, "rrdb(blocks=16", 14, "expected ',' or ')', found the end"),
    (parse_call, "rrdb(blocks 16)", 12, "expected '=' after 'blocks', found '16'"),
    (parse_call, "rrdb(blocks=)", 12, "expected a value, found ')'"),
    (parse_call, "rrdb(3)", 5, "expected an option name, found '3'"),
    (parse_call, "rrdb(a=1, a=2)", 10, "option 'a' is written twice"),
    (parse_call, "rrdb(a=1 b=2)", 9, "expected ',' or ')', found 'b'"),
    (parse_call, "rrdb(a=[1 2])", 10, "expected ',' or ']', found '2'"),
    (parse_call, "rrdb, vgg", 4, "expected the end, found ','"),
    (parse_call, "rrdb $", 5, "unexpected '$'"),
    (parse_call, 'x(a="open)', 4, "unexpected '\"'"),
    (parse_call, r'x(a="\q")', 4, "a quoted text takes the escapes of JSON only"),
    (parse_call, "x(a=..5)", 4, "expected a value, found '..'"),
    (parse_chain, "bicubic |", 9, "expected a component name, found the end"),
    (parse_chain, "bicubic | jpeg(q=95..30)", 21, "a range goes upwards, not 95..30"),
    (parse_chain, "jpeg@1.5", 5, "a probability lies in [0, 1], not 1.5"),
    (parse_chain, "jpeg@often", 5, "expected a probability, found 'often'"),
]


@pytest.mark.parametrize("text", SUMS)
def test_sums_are_read_and_written_canonically(text):
    node, canonical = SUMS[text]
    assert parse_sum(text) == node
    assert str(node) == canonical


@pytest.mark.parametrize("text", CHAINS)
def test_chains_are_read_and_written_canonically(text):
    node, canonical = CHAINS[text]
    assert parse_chain(text) == node
    assert str(node) == canonical


@pytest.mark.parametrize("text", VALUES)
def test_values_keep_their_type(text):
    value, canonical = VALUES[text]
    (_, read), *_ = parse_call(f"x(a={text})").options
    assert repr(read) == repr(value)  # repr tells 1 from 1.0 and True
    assert written(value) == canonical


def test_options_keep_their_order():
    assert parse_call("x(b=1, a=2,)").options == (("b", 1), ("a", 2))


@pytest.mark.parametrize(("parse", "text", "position", "problem"), MISTAKES)
def test_a_mistake_is_pointed_at(parse, text, position, problem):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    first, shown, caret = str(caught.value).split("\n")
    assert (caught.value.text, caught.value.position) == (text, position)
    assert first == f"{problem} at column {position + 1}"
    assert shown == f"  {text}"
    assert caret == "  " + " " * position + "^"


def test_the_caret_stands_below_its_own_line():
    with pytest.raises(ExpressionError) as caught:
        parse_sum("l1\n  + 0.1 vgg\n  + tv")
    assert caught.value.position == 11
    assert str(caught.value).split("\n") == [
        "expected '*' after a weight, found 'vgg' at column 9",
        "    + 0.1 vgg",
        "          ^",
    ]


@pytest.mark.parametrize("opening", ["x(a=", "["])
def test_nesting_has_a_limit_that_is_no_stack_overflow(opening):
    allowed = MOST_NESTED - 1
    inside = "[" * allowed + "]" * allowed
    assert str(parse_call(f"x(a={inside})")) == f"x(a={inside})"
    with pytest.raises(ExpressionError, match="nested more than 32 deep"):
        parse_call("x(a=" + opening * 100_000)


@pytest.mark.parametrize(
    "digits", ["1" + "0" * 309, "9" * 5000, "0" * 5000 + "1", "1e400", "-1e400"]
)
def test_a_number_beyond_float_is_an_error(digits):
    with pytest.raises(ExpressionError, match="too large"):
        parse_call(f"x(a={digits})")


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "é",
        "x(a=é)",
        "x(a=٣)",
        "x(a=1.)",
        "x(a='b')",
        'x(a="\t")',
        "\ud800",
        "x\u3000y",
        '"x"',
        "²*l1",
        "x(a=--1)",
    ],
)
def test_strange_characters_are_errors(text):
    with pytest.raises(ExpressionError):
        parse_sum(text)


def _word(rng: random.Random) -> str:
    head = rng.choice(["a", "Z", "_", "true", "none", "l1", "e5"])
    return head + "".join(rng.choices("aB9_-/", k=rng.randrange(4)))


def _number(rng: random.Random) -> int | float:
    if rng.random() < 0.5:
        return rng.choice([rng.randrange(-9, 9), rng.randrange(-(10**30), 10**30)])
    value = struct.unpack("<d", rng.randbytes(8))[0]
    return value if isfinite(value) else -0.0


def _value(rng: random.Random, depth: int) -> object:
    kind = rng.randrange(8 if depth else 5)
    if kind == 0:
        return _number(rng)
    if kind == 1:
        return rng.random() < 0.5
    if kind == 2:
        return "".join(rng.choices('aé"\\\n\t \x1f\x7f雪😀\u2028()[]=,..1-', k=rng.randrange(6)))
    if kind == 3:
        return Range(*sorted((_number(rng), _number(rng))))
    if kind == 4:
        return _word(rng)
    return (
        tuple(_value(rng, depth - 1) for _ in range(rng.randrange(4)))
        if kind == 5
        else _call(rng, depth - 1)
    )


def _call(rng: random.Random, depth: int) -> Call:
    names = {_word(rng) for _ in range(rng.randrange(3))}
    return Call(_word(rng), tuple((name, _value(rng, depth)) for name in sorted(names)))


def test_whatever_is_written_is_read_back():
    rng = random.Random(5)
    for _ in range(3000):
        weights = [rng.choice([None, abs(float(_number(rng)))]) for _ in range(rng.randrange(1, 4))]
        total = Sum(tuple(Term(_call(rng, 3), weight) for weight in weights))
        chain = Chain(
            tuple(
                Item(_call(rng, 3), rng.choice([None, 1.0, 0.0, rng.random()]))
                for _ in range(rng.randrange(4))
            )
        )
        assert repr(parse_sum(str(total))) == repr(total)
        assert repr(parse_chain(str(chain))) == repr(chain)


def test_garbage_raises_expression_errors_and_nothing_else():
    rng = random.Random(6)
    pieces = [
        *"()[]=,*+|@-.\"\\ \n'",
        "..",
        "l1",
        "a",
        "true",
        "1",
        "2.5",
        "1e9",
        "-3",
        "9" * 400,
        '"s"',
        "é",
        "\x00",
        "=[",
        "(a=",
    ]
    readable, places = 0, set()
    for _ in range(20_000):
        text = "".join(rng.choices(pieces, k=rng.randrange(1, 9)))
        for parse in (parse_call, parse_sum, parse_chain):
            try:
                node = parse(text)
            except ExpressionError as error:
                places.add(0 <= error.position <= len(text))
            else:
                readable += 1
                assert parse(str(node)) == node
    assert places == {True}
    assert readable > 500
