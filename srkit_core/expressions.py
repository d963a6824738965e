"""What did the user write?

The small language of components::

    sum    = term { "+" term }             l1 + 0.006*vgg(layer=conv5_4)
    term   = [ number "*" ] call
    chain  = item { "|" item }             bicubic | jpeg(quality=30..95)@0.8
    item   = call [ "@" probability ]
    call   = name [ "(" [ option { "," option } ] ")" ]
    option = name "=" value
    value  = number | true | false | word | "quoted" | [list] | low..high | call

Canonical form: `parse(str(x)) == x` for every node.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias, TypeVar

from srkit_core.errors import ExpressionError
from srkit_core.interfaces import Range

Value: TypeAlias = "bool | int | float | str | Range | tuple[Value, ...] | Call"

_CONSTANTS: dict[str, bool] = {"true": True, "false": False}

Node = TypeVar("Node")

MOST_NESTED = 32
"""How deep brackets may be nested, far beyond what a component can mean."""

_NUMBER = r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_WORD = r"[A-Za-z_][A-Za-z0-9_/-]*"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(
    rf"\s*(?:(?P<range>\.\.)|(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<quoted>{_QUOTED})|(?P<mark>[-+*|@()=,\[\]]))"
)
_BARE_WORD = re.compile(_WORD)
_DEPTH = {"(": 1, "[": 1, ")": -1, "]": -1}


@dataclass(frozen=True)
class Call:
    """A component by name, with the options that were written, in their order."""

    name: str
    options: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        if not self.options:
            return self.name
        inside = ", ".join(f"{name}={written(value)}" for name, value in self.options)
        return f"{self.name}({inside})"


@dataclass(frozen=True)
class Term:
    """A loss with its weight; None stands for the weight the loss declares."""

    call: Call
    weight: float | None = None

    def __str__(self) -> str:
        return str(self.call) if self.weight is None else f"{self.weight!r}*{self.call}"


@dataclass(frozen=True)
class Sum:
    """Losses (or metrics) added up."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " + ".join(map(str, self.terms))


@dataclass(frozen=True)
class Item:
    """A step of a chain, applied to each sample with a probability; None where none is written."""

    call: Call
    probability: float | None = None

    def __str__(self) -> str:
        return str(self.call) if self.probability is None else f"{self.call}@{self.probability!r}"


@dataclass(frozen=True)
class Chain:
    """Steps in the order in which they happen to the picture; may be empty."""

    items: tuple[Item, ...] = ()

    def __str__(self) -> str:
        return " | ".join(map(str, self.items))


def parse_call(text: str) -> Call:
    """Read one component, such as `rrdb(blocks=16)`; raises ExpressionError with the place."""
    return _whole(text, _Reader.call)


def parse_sum(text: str) -> Sum:
    """Read a sum of weighted components, such as `l1 + 0.005*ragan`.

    Raises ExpressionError with the place.
    """
    return _whole(text, lambda reader: Sum(tuple(reader.several(reader.term, "+"))))


def parse_chain(text: str) -> Chain:
    """Read a chain, such as `bicubic | blur(sigma=1.5)@0.5`; an empty text is the empty chain."""
    if not text.strip():
        return Chain()
    return _whole(text, lambda reader: Chain(tuple(reader.several(reader.item, "|"))))


def written(value: Value) -> str:
    """Return a value the way the language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, str):
        return (
            value
            if _is_word(value) and value not in _CONSTANTS
            else json.dumps(value, ensure_ascii=False)
        )
    if isinstance(value, Call):
        return str(value) if value.options else f"{value.name}()"
    return str(value) if isinstance(value, Range) else repr(value)


def _whole(text: str, read: Callable[["_Reader"], Node]) -> Node:
    reader = _Reader(text)
    node = read(reader)
    reader.expect("end", "the end")
    return node


@dataclass(frozen=True)
class _Token:
    """A piece of text; `sort` is `range`, `number`, `word`, `quoted`, `end`, or the mark itself."""

    sort: str
    text: str
    position: int


def _tokenise(text: str) -> list[_Token]:
    """Cut a text into tokens, the last of sort `end`.

    Raises ExpressionError at what is none or nested too deeply.
    """
    tokens, position, depth = list[_Token](), 0, 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            start = len(text) - len(text[position:].lstrip())
            raise ExpressionError(f"unexpected {text[start]!r}", text=text, position=start)
        sort, found = match.lastgroup, match[match.lastgroup]
        tokens.append(_Token(found if sort == "mark" else sort, found, match.start(sort)))
        depth += _DEPTH.get(tokens[-1].sort, 0)
        if depth > MOST_NESTED:
            raise ExpressionError(
                f"nested more than {MOST_NESTED} deep", text=text, position=match.start(sort)
            )
        position = match.end()
    return [*tokens, _Token("end", "", end)]


def _number_of(token: _Token, text: str) -> int | float:
    """Return the value of a number; raises ExpressionError when it is beyond what a float holds."""
    try:
        value = float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
        if isfinite(value):
            return value
    except (
        ValueError,
        OverflowError,
    ):  # an int of thousands of digits, or one too large for a float
        pass
    raise ExpressionError("the number is too large", text=text, position=token.position)


def _is_word(text: str) -> bool:
    """Whether a text can be written without quotes."""
    return _BARE_WORD.fullmatch(text) is not None


class _Reader:
    """A cursor over the tokens of one text; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._left = _tokenise(text)

    def several(self, rule: Callable[[], Node], separator: str) -> list[Node]:
        nodes = [rule()]
        while self._next_is(separator):
            self._left.pop(0)
            nodes.append(rule())
        return nodes

    def term(self) -> Term:
        if not self._next_is("number"):
            return Term(self.call())
        token = self._left[0]
        if token.text.startswith("-"):
            raise self._error("weights have no sign", token)
        weight = float(_number_of(self._left.pop(0), self._text))
        self.expect("*", "'*' after a weight")
        return Term(self.call(), weight)

    def item(self) -> Item:
        call = self.call()
        if not self._next_is("@"):
            return Item(call)
        self._left.pop(0)
        token = self.expect("number", "a probability")
        if not 0 <= float(token.text) <= 1:
            raise self._error(f"a probability lies in [0, 1], not {token.text}", token)
        return Item(call, float(token.text))

    def call(self) -> Call:
        name = self.expect("word", "a component name").text
        if not self._next_is("("):
            return Call(name)
        return Call(name, self._options())

    def expect(self, sort: str, wanted: str) -> _Token:
        token = self._left[0]
        if token.sort != sort:
            found = f"'{token.text}'" if token.text else "the end"
            raise self._error(f"expected {wanted}, found {found}", token)
        return self._left.pop(0)

    def _options(self) -> tuple[tuple[str, Value], ...]:
        self.expect("(", "'('")
        options: dict[str, Value] = {}
        while not self._next_is(")"):
            token = self.expect("word", "an option name")
            if token.text in options:
                raise self._error(f"option '{token.text}' is written twice", token)
            self.expect("=", f"'=' after '{token.text}'")
            options[token.text] = self._value()
            if not self._next_is(")"):
                self.expect(",", "',' or ')'")
        self.expect(")", "')'")
        return tuple(options.items())

    def _value(self) -> Value:
        token = self._left[0]
        if token.sort == "number":
            return self._number_or_range()
        if token.sort == "[":
            return self._list()
        if token.sort == "quoted":
            return self._quoted()
        if token.sort != "word":
            self.expect("word", "a value")
        if self._left[1].sort == "(":
            return self.call()
        return _CONSTANTS.get(token.text, self._left.pop(0).text)

    def _quoted(self) -> str:
        token = self._left.pop(0)
        try:
            return str(json.loads(token.text))
        except json.JSONDecodeError:
            raise self._error("a quoted text takes the escapes of JSON only", token) from None

    def _number_or_range(self) -> Value:
        low = _number_of(self._left.pop(0), self._text)
        if not self._next_is("range"):
            return low
        self._left.pop(0)
        token = self.expect("number", "the upper end of a range")
        high = _number_of(token, self._text)
        if high < low:
            raise self._error(f"a range goes upwards, not {low}..{high}", token)
        return Range(low, high)

    def _list(self) -> Value:
        self.expect("[", "'['")
        values: list[Value] = []
        while not self._next_is("]"):
            values.append(self._value())
            if not self._next_is("]"):
                self.expect(",", "',' or ']'")
        self.expect("]", "']'")
        return tuple(values)

    def _next_is(self, sort: str) -> bool:
        return self._left[0].sort == sort

    def _error(self, problem: str, token: _Token) -> ExpressionError:
        return ExpressionError(problem, text=self._text, position=token.position)
