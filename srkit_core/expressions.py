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
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from srkit_core.errors import ExpressionError
from srkit_core.interfaces import Range
from srkit_core.tokens import Token, is_word, number_of, tokenise

Value: TypeAlias = "bool | int | float | str | Range | tuple[Value, ...] | Call"

_CONSTANTS: dict[str, bool] = {"true": True, "false": False}

Node = TypeVar("Node")


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
    """A step of a chain, applied to each sample with a probability."""

    call: Call
    probability: float = 1.0

    def __str__(self) -> str:
        return str(self.call) if self.probability == 1 else f"{self.call}@{self.probability!r}"


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
            if is_word(value) and value not in _CONSTANTS
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


class _Reader:
    """A cursor over the tokens of one text; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._left = tokenise(text)

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
        weight = float(number_of(self._left.pop(0), self._text))
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

    def expect(self, sort: str, wanted: str) -> Token:
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
        low = number_of(self._left.pop(0), self._text)
        if not self._next_is("range"):
            return low
        self._left.pop(0)
        token = self.expect("number", "the upper end of a range")
        high = number_of(token, self._text)
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

    def _error(self, problem: str, token: Token) -> ExpressionError:
        return ExpressionError(problem, text=self._text, position=token.position)
