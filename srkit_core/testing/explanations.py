"""What does a failed check say, where its assertion has no text?"""

import ast
import linecache
from types import FrameType, TracebackType

_LONGEST = 80
"""Characters of a value that are shown."""


def explanation(error: BaseException) -> str:
    """Return one line about what a check raised.

    Of an assertion its text; without one the source of the failing assertion and the values of the
    names in it, as `assert ratio < limit (ratio = 3.2, limit = 2)`. Of anything else its class and
    first line.
    """
    text = next((line for line in str(error).splitlines() if line.strip()), "")
    if not isinstance(error, AssertionError):
        return f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text or _of_source(error.__traceback__)


def _of_source(traceback: TracebackType | None) -> str:
    if traceback is None:
        return "an assertion without text fails"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame, line = traceback.tb_frame, traceback.tb_lineno
    found = _assertion(frame.f_code.co_filename, line)
    if found is None:
        return f"an assertion without text fails in line {line} of {frame.f_code.co_filename}"
    values = _values(found.test, frame)
    return ast.unparse(found) + (f" ({', '.join(values)})" if values else "")


def _assertion(filename: str, line: int) -> ast.Assert | None:
    """Return the innermost assertion of a file that spans a line."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except SyntaxError:
        return None
    spanning = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or line)
    ]
    return spanning[-1] if spanning else None


def _values(test: ast.expr, frame: FrameType) -> list[str]:
    """Return `name = value` of the variables in an expression; nothing is evaluated again."""
    scope = {**frame.f_globals, **frame.f_locals}
    names = dict.fromkeys(node.id for node in ast.walk(test) if isinstance(node, ast.Name))
    return [
        f"{name} = {_short(scope[name])}"
        for name in names
        if name in scope and not callable(scope[name]) and not _is_module(scope[name])
    ]


def _is_module(value: object) -> bool:
    return type(value).__name__ == "module"


def _short(value: object) -> str:
    try:
        shown = " ".join(repr(value).split())
    except Exception as error:  # a repr of a stranger's object may raise anything
        return f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 3] + "..."
