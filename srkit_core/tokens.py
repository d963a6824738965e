"""Into which words, numbers and marks does the text of an expression fall?"""

import re
from dataclasses import dataclass
from math import isfinite

from srkit_core.errors import ExpressionError

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
class Token:
    """A piece of text; `sort` is `range`, `number`, `word`, `quoted`, `end`, or the mark itself."""

    sort: str
    text: str
    position: int


def tokenise(text: str) -> list[Token]:
    """Cut a text into tokens, the last of sort `end`.

    Raises ExpressionError at what is none or nested too deeply.
    """
    tokens, position, depth = list[Token](), 0, 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            start = len(text) - len(text[position:].lstrip())
            raise ExpressionError(f"unexpected {text[start]!r}", text=text, position=start)
        sort, found = match.lastgroup, match[match.lastgroup]
        tokens.append(Token(found if sort == "mark" else sort, found, match.start(sort)))
        depth += _DEPTH.get(tokens[-1].sort, 0)
        if depth > MOST_NESTED:
            raise ExpressionError(
                f"nested more than {MOST_NESTED} deep", text=text, position=match.start(sort)
            )
        position = match.end()
    return [*tokens, Token("end", "", end)]


def number_of(token: Token, text: str) -> int | float:
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


def is_word(text: str) -> bool:
    """Whether a text can be written without quotes."""
    return _BARE_WORD.fullmatch(text) is not None
