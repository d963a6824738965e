"""How does text reach its readers, whoever wrote it and whether or not they can take it?

Printing never decides: a stream that is closed, full or of a small alphabet stops no work.
"""

import logging
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from functools import cache
from typing import Any, Final, Literal, TextIO

import typer

_KEPT: Final = frozenset("\n\t\u200c\u200d")
"""Control and format characters that are text: line ends, tabs, and the joiners of scripts."""

_LONGEST_ERROR: Final = 3000
_BEYOND_ASCII: Final = re.compile(r"[^ -~]")
_FORGED_LINE: Final = re.compile(r"\n(?!  )")


class Outlet:
    """A standard stream that never fails.

    What it cannot encode is escaped, what nobody takes any more is dropped, and `failure` is why.
    """

    errors = "strict"

    def __init__(self, name: Literal["stdout", "stderr"], kept: TextIO | None = None) -> None:
        self._name: Final = name
        self.kept = kept
        self.failure: OSError | None = None

    def held(self) -> "Outlet":
        """Return it bound to the stream that it has now, for what puts itself in its place."""
        return Outlet(self._name, self._stream)

    @property
    def encoding(self) -> str:
        """The alphabet of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write text; nothing is raised."""
        able = encodable(text, self.encoding)
        if self._stream is not None and self.failure is None:
            self._guarded(self._stream, able)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written; nothing is raised."""
        self.write("")

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        with suppress(ValueError):
            return bool(self._stream and self._stream.isatty())
        return False

    def fileno(self) -> int:
        """The number of the stream's file; raises OSError where it has none."""
        if self._stream is None:
            raise OSError(f"there is no standard {self._name}")
        number: int = self._stream.fileno()
        return number

    def writable(self) -> bool:
        """It takes text."""
        return True

    def readable(self) -> bool:
        """It gives none."""
        return False

    @property
    def _stream(self) -> Any:
        found = self.kept or getattr(sys, self._name)
        return None if found in (OUT, ERR) else found

    def _guarded(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except OSError as error:
            self.failure = error
            _forget(stream)
        except ValueError:  # closed by what runs in this process
            self.failure = BrokenPipeError()


OUT: Final = Outlet("stdout")
"""What a command prints."""

ERR: Final = Outlet("stderr")
"""What is said beside it: errors, and whatever plugins and libraries print."""


def say(*lines: str, err: bool = False) -> None:
    """Print lines. None of them can hold an end of line or another control character."""
    shown = "".join(f"{one_line(line)}\n" for line in lines or ("",))
    (ERR if err else OUT).write(shown)


def say_styled(lines: Sequence[str], **style: Any) -> None:
    """Print lines on a terminal in a colour or weight, as `typer.style` names them."""
    for line in lines:
        OUT.write(f"{typer.style(one_line(line), **style)}\n")


def say_text(text: str, *, err: bool = False) -> None:
    """Print a text of several lines as it is, but for control characters."""
    (ERR if err else OUT).write(printable(text))


def say_error(message: str, hint: str, place: str = "") -> None:
    """Print an error and the way on; a message goes on in lines that are indented."""
    bounded = (_bounded(text) for text in (message, hint))
    fact, way = (_FORGED_LINE.sub(r"\\u000a", printable(text)) for text in bounded)
    ERR.write(f"error{place}: {fact}\ntry: {way}\n")


def _bounded(text: str) -> str:
    """Return what fits a few screens: a name in a stranger's file may have a million letters."""
    rest = len(text) - _LONGEST_ERROR
    return text if rest <= 0 else f"{text[:_LONGEST_ERROR]}... ({rest:,} characters more)"


def printable(text: str) -> str:
    r"""Return text in which control characters, marks of direction and bytes that are no text are
    escaped, as `\u001b`: what a stranger's file or plugin says cannot steer a terminal.
    """
    return _BEYOND_ASCII.sub(lambda found: _shown(found[0]), text)


def one_line(text: str) -> str:
    """Return text as a readable line: ends of lines and tabs are escaped too."""
    return printable(text).replace("\n", r"\u000a").replace("\t", r"\u0009")


def encodable(text: str, encoding: str) -> str:
    r"""Return text that an encoding has, with what it has not escaped, as `\u00fc`."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(one if _has(encoding, one) else _escape(one) for one in text)
    return text


class _LoggedLines(logging.Handler):
    """Says what library code logs."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record), err=True)


@contextmanager
def streams_of_a_command_line() -> Iterator[None]:
    """Let the parser print to streams that never fail."""
    before, OUT.failure, ERR.failure = (OUT.kept, ERR.kept), None, None
    if sys.stdout not in (OUT, ERR):
        OUT.kept, ERR.kept = sys.stdout, sys.stderr
    logger, handler = logging.getLogger("srkit_core"), _LoggedLines()
    logger.addHandler(handler)
    try:
        with redirect_stdout(OUT):
            yield
    finally:
        logger.removeHandler(handler)
        OUT.kept, ERR.kept = before


@contextmanager
def own_output() -> Iterator[None]:
    """Keep standard output for what srkit says: what else is printed goes to standard error."""
    with redirect_stdout(ERR):
        yield


def take_streams() -> None:
    """Make the three standard streams of this process safe to use.

    One that is closed is opened on nothing, so that no other file gets its number. What code
    that is not srkit's prints, in this process and in those that it starts, goes to standard error.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    encoding = sys.stdout.encoding if sys.stdout else None
    own = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(own, "w", encoding=encoding, errors="backslashreplace")


@cache
def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _shown(character: str) -> str:
    unsafe = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return _escape(character) if unsafe and character not in _KEPT else character


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _forget(stream: TextIO) -> None:
    """Turn a stream to nothing: the interpreter would fail when it flushes what is left of it."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
